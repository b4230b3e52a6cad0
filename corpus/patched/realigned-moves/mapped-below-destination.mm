# Something is mapped below the destination in the same page table. Nothing there is
# touched yet, so no table is in the way; the entries move one by one all the same, since
# the table belongs to both.

mmap(mmap-0x17ff000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x17ff000
mmap(mmap-0x1ffc000, 0x1fd000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x1ffc000
store(mmap-0x1ffc000, 0x1, 0x41) = 0
mremap(mmap-0x1ffc000, 0x1fd000, 0x1fd000, MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_DONTUNMAP, mmap-0x17fc000) = mmap-0x17fc000
store(mmap-0x17ff000, 0x1, 0x40) = 0
load(mmap-0x17fc000, 0x1) = 0x41
