# Something else is mapped below the source in the same page table: the table may not
# move, since the neighbour's page would go with it.

mmap(mmap-0x1fff000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x1fff000
mmap(mmap-0x1ffc000, 0x1fd000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x1ffc000
store(mmap-0x1fff000, 0x1, 0x40) = 0
store(mmap-0x1ffc000, 0x1, 0x41) = 0
mremap(mmap-0x1ffc000, 0x1fd000, 0x1fd000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x17fc000) = mmap-0x17fc000
load(mmap-0x1fff000, 0x1) = 0x40
load(mmap-0x17fc000, 0x1) = 0x41
