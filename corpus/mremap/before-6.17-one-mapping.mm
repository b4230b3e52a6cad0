# Until 6.16 a move is of one mapping, even to a fixed place.
requires: !rule=mremap-early-checks !rule=mremap-multi

mmap(mmap-0x8000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x8000
mmap(mmap-0x7000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x7000
mremap(mmap-0x8000, 0x2000, 0x2000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x20000) = -EFAULT
mremap(mmap-0x8000, 0x2000, 0x1000, 0, NULL) = mmap-0x8000  # shrinking may run past the mapping
load(mmap-0x7000, 0x1) = SIGSEGV/SEGV_MAPERR at mmap-0x7000
