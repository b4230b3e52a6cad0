# Unmapping nothing is no error.

munmap(mmap-0x10000, 0x4000) = 0
mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
munmap(mmap-0x10000, 0x10000) = 0  # free memory, then the mapping
load(mmap-0x1000, 0x1) = SIGSEGV/SEGV_MAPERR at mmap-0x1000
