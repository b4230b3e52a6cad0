# MADV_COLD takes pages off the active list at once, also those that a failed
# MADV_PAGEOUT had put there, so that populating afterwards makes them referenced.
requires: !swap

mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
store(mmap-0x1000, 0x1000, 0x01) = 0
madvise(mmap-0x1000, 0x1000, MADV_PAGEOUT) = 0
madvise(mmap-0x1000, 0x1000, MADV_COLD) = 0
madvise(mmap-0x1000, 0x1000, MADV_POPULATE_READ) = 0
