# What was read back goes again, whether it was written meanwhile or not.
requires: swap

mmap(NULL, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
store(mmap-0x2000, 0x2000, 0x41) = 0
madvise(mmap-0x2000, 0x2000, MADV_PAGEOUT) = 0
load(mmap-0x2000, 0x1) = 0x41
store(mmap-0x1000, 0x1, 0x52) = 0
madvise(mmap-0x2000, 0x2000, MADV_PAGEOUT) = 0
madvise(mmap-0x2000, 0x2000, MADV_PAGEOUT) = 0
load(mmap-0x2000, 0x1) = 0x41
load(mmap-0x1000, 0x1) = 0x52
