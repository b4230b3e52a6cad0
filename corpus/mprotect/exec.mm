# Bytes run only where the mapping may be executed. 0xc3 is the instruction ret.

mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
store(mmap-0x1000, 0x1000, 0xc3) = 0
call(mmap-0x1000) = SIGSEGV/SEGV_ACCERR at mmap-0x1000
mprotect(mmap-0x1000, 0x1000, PROT_READ|PROT_EXEC) = 0
call(mmap-0x1000) = 0
store(mmap-0x1000, 0x1, 0x01) = SIGSEGV/SEGV_ACCERR at mmap-0x1000
