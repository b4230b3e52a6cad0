# A guard region takes the place of what is in swap.
requires: swap rule=guard-regions

mmap(NULL, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
store(mmap-0x2000, 0x2000, 0x41) = 0
madvise(mmap-0x2000, 0x2000, MADV_PAGEOUT) = 0
madvise(mmap-0x2000, 0x1000, MADV_GUARD_INSTALL) = 0
madvise(mmap-0x2000, 0x1000, MADV_GUARD_REMOVE) = 0
load(mmap-0x2000, 0x1) = 0x00
load(mmap-0x1000, 0x1) = 0x42
