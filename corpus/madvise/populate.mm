# MADV_POPULATE_READ and _WRITE fault pages in as a read or a write would, and say so
# when that is not possible.

mmap(mmap-0x5000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x5000
mmap(mmap-0x2000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
madvise(mmap-0x5000, 0x1000, MADV_POPULATE_READ) = 0
madvise(mmap-0x4000, 0x1000, MADV_POPULATE_WRITE) = 0
madvise(mmap-0x5000, 0x4000, MADV_POPULATE_READ) = -ENOMEM  # a hole
madvise(mmap-0x2000, 0x1000, MADV_POPULATE_WRITE) = -EINVAL  # may not be written
