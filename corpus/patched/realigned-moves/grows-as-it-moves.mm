# The length that counts is the old one: a move that grows past the end of the page table's
# span, but was too short to reach it, moves entries one by one.

mmap(mmap-0x1ffc000, 0x1fc000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x1ffc000
store(mmap-0x1ffc000, 0x1, 0x41) = 0
mremap(mmap-0x1ffc000, 0x1fc000, 0x200000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x17fc000) = mmap-0x17fc000
load(mmap-0x17fc000, 0x1) = 0x41
load(mmap-0x15ff000, 0x1) = 0x00
