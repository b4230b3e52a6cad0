# A child starts without locks; the parent keeps its own.

mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_LOCKED, -1, 0) = mmap-0x1000
fork() = p1
p1: madvise(mmap-0x1000, 0x1000, MADV_DONTNEED) = 0
madvise(mmap-0x1000, 0x1000, MADV_DONTNEED) = -EINVAL
