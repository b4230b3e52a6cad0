# PROT_NONE hides pages and keeps them: they stay resident and come back.

mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
store(mmap-0x1000, 0x1000, 0x41) = 0
mprotect(mmap-0x1000, 0x1000, PROT_NONE) = 0
load(mmap-0x1000, 0x1) = SIGSEGV/SEGV_ACCERR at mmap-0x1000
mprotect(mmap-0x1000, 0x1000, PROT_READ) = 0
load(mmap-0x1000, 0x1000) = 0x41
