# MADV_PAGEOUT takes pages away; they count as swapped, and what touches them first
# finds what they held. Pages that hold zeroes are no exception.
requires: swap

mmap(NULL, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x4000
store(mmap-0x4000, 0x2000, 0x41) = 0
store(mmap-0x2000, 0x1000, 0x00) = 0
load(mmap-0x1000, 0x1) = 0x00
madvise(mmap-0x4000, 0x4000, MADV_PAGEOUT) = 0
mincore(mmap-0x4000, 0x4000) = [0x3 1x1]
load(mmap-0x4000, 0x1000) = 0x41
store(mmap-0x3000, 0x1, 0x51) = 0
load(mmap-0x2000, 0x1000) = 0x00
