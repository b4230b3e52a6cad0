# Locked pages are marked and unevictable, whether they were there before or come
# later; unlocking undoes it (kpageflags: MLOCKED, UNEVICTABLE). Locking makes pages
# inactive. What a write copies for a child is not locked, what it leaves to the parent is.

mmap(mmap-0x4000, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x4000
store(mmap-0x4000, 0x2000, 0x41) = 0
madvise(mmap-0x4000, 0x1000, MADV_POPULATE_WRITE) = 0
madvise(mmap-0x4000, 0x1000, MADV_POPULATE_WRITE) = 0
mlock2(mmap-0x4000, 0x4000, MLOCK_ONFAULT) = 0
store(mmap-0x2000, 0x1000, 0x42) = 0
munlock(mmap-0x3000, 0x1000) = 0
fork() = p1
p1: store(mmap-0x4000, 0x1000, 0x43) = 0
store(mmap-0x2000, 0x1000, 0x44) = 0
munlock(mmap-0x4000, 0x4000) = 0
