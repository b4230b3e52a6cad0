# Shrinking unmaps the tail and never moves.

mmap(NULL, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
store(mmap-0x3000, 0x3000, 0x01) = 0
mremap(mmap-0x3000, 0x3000, 0x1000, 0, NULL) = mmap-0x3000
load(mmap-0x3000, 0x1) = 0x01
load(mmap-0x2000, 0x1) = SIGSEGV/SEGV_MAPERR at mmap-0x2000
