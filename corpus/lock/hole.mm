# A hole is an error after the part before it was locked. That part is locked but not
# populated.

mmap(mmap-0x3000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
mmap(mmap-0x1000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
mlock(mmap-0x3000, 0x3000) = -ENOMEM
mincore(mmap-0x3000, 0x1000) = [0x1]
madvise(mmap-0x3000, 0x1000, MADV_DONTNEED) = -EINVAL  # locked: refused
madvise(mmap-0x1000, 0x1000, MADV_DONTNEED) = 0
