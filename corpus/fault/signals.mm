# Where nothing is mapped the code is SEGV_MAPERR; where the mapping forbids the access
# it is SEGV_ACCERR. An address that no page table can hold gives neither code nor
# address.

mmap(mmap-0x3000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
load(mmap-0x9000, 0x1) = SIGSEGV/SEGV_MAPERR at mmap-0x9000
store(mmap-0x3000, 0x1, 0x01) = SIGSEGV/SEGV_ACCERR at mmap-0x3000
call(mmap-0x3000) = SIGSEGV/SEGV_ACCERR at mmap-0x3000
load(0x8000000000000000, 0x1) = SIGSEGV/SI_KERNEL at NULL
load(NULL, 0x1) = SIGSEGV/SEGV_MAPERR at NULL
