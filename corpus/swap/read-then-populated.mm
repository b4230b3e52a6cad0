# Populating memory that was read back from swap by a read: the entry may have to be made
# writable first (before 6.11), or is there, and clean.
requires: swap

mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
store(mmap-0x1000, 0x1000, 0x41) = 0
madvise(mmap-0x1000, 0x1000, MADV_PAGEOUT) = 0
load(mmap-0x1000, 0x1) = 0x41
madvise(mmap-0x1000, 0x1000, MADV_POPULATE_WRITE) = 0
