# The move ends a page before the page table's span does. Nothing is mapped above on either
# side, so the table could move whole; no kernel looks there, and the entries move one by
# one.

mmap(mmap-0x1ffc000, 0x1fc000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x1ffc000
store(mmap-0x1ffc000, 0x1, 0x41) = 0
mremap(mmap-0x1ffc000, 0x1fc000, 0x1fc000, MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_DONTUNMAP, mmap-0x17fc000) = mmap-0x17fc000
load(mmap-0x17fc000, 0x1) = 0x41
