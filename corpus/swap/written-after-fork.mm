# A place in swap that was shared once and is not any more is read back by a write that
# need not copy.
requires: swap

mmap(NULL, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
store(mmap-0x2000, 0x2000, 0x41) = 0
madvise(mmap-0x2000, 0x2000, MADV_PAGEOUT) = 0
fork() = p1
p1: exit() = exited
store(mmap-0x2000, 0x1, 0x51) = 0
load(mmap-0x1000, 0x1) = 0x42
store(mmap-0x1000, 0x1, 0x52) = 0
