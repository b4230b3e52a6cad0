# A page becomes referenced with the first use that the kernel notes and active with the
# second; MADV_COLD and MADV_FREE undo it, and what cannot be paged out becomes active
# (kpageflags: REFERENCED, ACTIVE, SWAPBACKED).
requires: !swap

mmap(mmap-0x4000, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x4000
store(mmap-0x4000, 0x4000, 0x41) = 0
madvise(mmap-0x4000, 0x3000, MADV_POPULATE_READ) = 0
madvise(mmap-0x3000, 0x2000, MADV_POPULATE_READ) = 0
madvise(mmap-0x2000, 0x1000, MADV_POPULATE_READ) = 0
madvise(mmap-0x3000, 0x1000, MADV_COLD) = 0
madvise(mmap-0x2000, 0x1000, MADV_FREE) = 0
madvise(mmap-0x1000, 0x1000, MADV_PAGEOUT) = 0
