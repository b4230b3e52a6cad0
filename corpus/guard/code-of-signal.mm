# A guard page answers SEGV_MAPERR, as if nothing were mapped; where the mapping itself
# forbids the access it is SEGV_ACCERR as usual.
requires: rule=guard-regions

mmap(mmap-0x1000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
madvise(mmap-0x1000, 0x1000, MADV_GUARD_INSTALL) = 0
load(mmap-0x1000, 0x1) = SIGSEGV/SEGV_MAPERR at mmap-0x1000
store(mmap-0x1000, 0x1, 0x01) = SIGSEGV/SEGV_ACCERR at mmap-0x1000
