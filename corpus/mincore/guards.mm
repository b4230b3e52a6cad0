# A guarded page is not in core.
requires: rule=guard-regions

mmap(NULL, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
store(mmap-0x2000, 0x2000, 0x01) = 0
madvise(mmap-0x2000, 0x1000, MADV_GUARD_INSTALL) = 0
mincore(mmap-0x2000, 0x2000) = [0x1 1x1]
