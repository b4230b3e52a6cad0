# Locked pages are not thrown away, unless with MADV_DONTNEED_LOCKED.

mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_LOCKED, -1, 0) = mmap-0x1000
store(mmap-0x1000, 0x1, 0x41) = 0
madvise(mmap-0x1000, 0x1000, MADV_DONTNEED) = -EINVAL
madvise(mmap-0x1000, 0x1000, MADV_DONTNEED_LOCKED) = 0
load(mmap-0x1000, 0x1) = 0x00
