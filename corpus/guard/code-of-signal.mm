# A guard page answers SEGV_MAPERR, as if nothing were mapped; where the mapping itself
# forbids the access it is SEGV_ACCERR as usual.
requires: rule=guard-regions

mmap(mmap-0x1000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
madvise(mmap-0x1000, 0x1000, MADV_GUARD_INSTALL)
load(mmap-0x1000, 0x1)
store(mmap-0x1000, 0x1, 0x1)
