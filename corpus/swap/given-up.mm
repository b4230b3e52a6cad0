# What discards pages discards those in swap: MADV_FREE and MADV_DONTNEED, a guard
# region, and unmapping.
requires: swap

mmap(NULL, 0x5000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x5000
store(mmap-0x5000, 0x5000, 0x41) = 0
madvise(mmap-0x5000, 0x5000, MADV_PAGEOUT) = 0
madvise(mmap-0x5000, 0x1000, MADV_FREE) = 0
load(mmap-0x5000, 0x1) = 0x00
madvise(mmap-0x4000, 0x1000, MADV_DONTNEED) = 0
load(mmap-0x4000, 0x1) = 0x00
munmap(mmap-0x3000, 0x1000) = 0
mmap(mmap-0x2000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0) = mmap-0x2000
load(mmap-0x2000, 0x1) = 0x00
load(mmap-0x1000, 0x1) = 0x45
