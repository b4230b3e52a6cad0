# Locked pages are not thrown away, unless with MADV_DONTNEED_LOCKED.

mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_LOCKED, -1, 0)
store(mmap-0x1000, 0x1, 0x41)
madvise(mmap-0x1000, 0x1000, MADV_DONTNEED)
madvise(mmap-0x1000, 0x1000, MADV_DONTNEED_LOCKED)
load(mmap-0x1000, 0x1)
