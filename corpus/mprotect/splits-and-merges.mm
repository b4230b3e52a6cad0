# A change in the middle splits into three; changing it back makes one mapping again.

mmap(NULL, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
mprotect(mmap-0x2000, 0x1000, PROT_READ) = 0
store(mmap-0x2000, 0x1, 0x01) = SIGSEGV/SEGV_ACCERR at mmap-0x2000
mprotect(mmap-0x2000, 0x1000, PROT_READ|PROT_WRITE) = 0
store(mmap-0x2000, 0x1, 0x01) = 0
