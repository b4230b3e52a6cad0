# A guard region makes pages inaccessible without a mapping of their own. Installing it
# throws the pages away; removing it leaves memory that reads as zeroes.
requires: rule=guard-regions

mmap(NULL, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
store(mmap-0x3000, 0x3000, 0x41) = 0
madvise(mmap-0x2000, 0x1000, MADV_GUARD_INSTALL) = 0
load(mmap-0x2000, 0x1) = SIGSEGV/SEGV_MAPERR at mmap-0x2000
store(mmap-0x2000, 0x1, 0x01) = SIGSEGV/SEGV_MAPERR at mmap-0x2000
madvise(mmap-0x2000, 0x1000, MADV_GUARD_REMOVE) = 0
load(mmap-0x2000, 0x1) = 0x00
