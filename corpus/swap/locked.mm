# Locking reads back what is in swap, and keeps it there.
requires: swap

mmap(NULL, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
store(mmap-0x2000, 0x2000, 0x41) = 0
madvise(mmap-0x2000, 0x2000, MADV_PAGEOUT) = 0
mlock(mmap-0x2000, 0x1000) = 0
madvise(mmap-0x2000, 0x1000, MADV_PAGEOUT) = -EINVAL
munlock(mmap-0x2000, 0x1000) = 0
madvise(mmap-0x2000, 0x1000, MADV_PAGEOUT) = 0
madvise(mmap-0x2000, 0x2000, MADV_POPULATE_READ) = 0
