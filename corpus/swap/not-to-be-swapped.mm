# What a child shares is not paged out, nor is what is locked; lazily freed pages are
# dropped rather than written, unless they were written again.
requires: swap

mmap(NULL, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x4000
store(mmap-0x3000, 0x3000, 0x41) = 0
madvise(mmap-0x3000, 0x2000, MADV_FREE) = 0
store(mmap-0x3000, 0x1, 0x51) = 0
madvise(mmap-0x3000, 0x3000, MADV_PAGEOUT) = 0
load(mmap-0x2000, 0x1) = 0x00
store(mmap-0x4000, 0x1, 0x31) = 0
fork() = p1
p1: madvise(mmap-0x4000, 0x1000, MADV_PAGEOUT) = 0
madvise(mmap-0x4000, 0x4000, MADV_PAGEOUT) = 0
