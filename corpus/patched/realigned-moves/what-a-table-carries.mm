# A table that moves whole carries everything in it: pages, the page of zeroes, guard
# regions.
requires: rule=guard-regions rule=mremap-realign

mmap(mmap-0x1ffc000, 0x1fd000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x1ffc000
store(mmap-0x1ffc000, 0x1, 0x41) = 0
load(mmap-0x1ffb000, 0x1) = 0x00
madvise(mmap-0x1ffa000, 0x1000, MADV_GUARD_INSTALL) = 0
mremap(mmap-0x1ffc000, 0x1fd000, 0x1fd000, MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_DONTUNMAP, mmap-0x17fc000) = mmap-0x17fc000
load(mmap-0x17fc000, 0x1) = 0x41
load(mmap-0x17fb000, 0x1) = 0x00
load(mmap-0x17fa000, 0x1) = SIGSEGV/SEGV_MAPERR at mmap-0x17fa000
