# A hole in the middle leaves two mappings, the page tables around it and the contents
# of both.

mmap(NULL, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
store(mmap-0x3000, 0x3000, 0x10) = 0
munmap(mmap-0x2000, 0x1000) = 0
load(mmap-0x3000, 0x1) = 0x10
load(mmap-0x2000, 0x1) = SIGSEGV/SEGV_MAPERR at mmap-0x2000
load(mmap-0x1000, 0x1) = 0x12
