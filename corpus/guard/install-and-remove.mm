# A guard region makes pages inaccessible without a mapping of their own. Installing it
# throws the pages away; removing it leaves memory that reads as zeroes.
requires: rule=guard-regions

mmap(NULL, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
store(mmap-0x3000, 0x3000, 0x41)
madvise(mmap-0x2000, 0x1000, MADV_GUARD_INSTALL)
load(mmap-0x2000, 0x1)
store(mmap-0x2000, 0x1, 0x1)
madvise(mmap-0x2000, 0x1000, MADV_GUARD_REMOVE)
load(mmap-0x2000, 0x1)
