# A child shares its parent's places in swap (SwapPss counts half of each), and gives
# them up one by one; what both share has to be let alone by one of them before it is
# read back here.
requires: swap

mmap(NULL, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x4000
store(mmap-0x4000, 0x4000, 0x41) = 0
madvise(mmap-0x4000, 0x3000, MADV_PAGEOUT) = 0
fork() = p1
p1: madvise(mmap-0x4000, 0x1000, MADV_DONTNEED) = 0
munmap(mmap-0x3000, 0x1000) = 0
load(mmap-0x4000, 0x1000) = 0x41
p1: store(mmap-0x3000, 0x1, 0x61) = 0
p1: madvise(mmap-0x4000, 0x4000, MADV_PAGEOUT) = 0
p1: exit() = exited
store(mmap-0x2000, 0x1, 0x71) = 0
