# Sealed memory that cannot be written cannot be emptied either, while writable sealed
# memory can.
requires: rule=mseal

mmap(mmap-0x3000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
store(mmap-0x3000, 0x1, 0x41) = 0
mseal(mmap-0x3000, 0x1000, 0) = 0
madvise(mmap-0x3000, 0x1000, MADV_DONTNEED) = 0
mmap(mmap-0x1000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
mseal(mmap-0x1000, 0x1000, 0) = 0
madvise(mmap-0x1000, 0x1000, MADV_DONTNEED) = -EPERM
madvise(mmap-0x1000, 0x1000, MADV_COLD) = 0
