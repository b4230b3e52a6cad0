# Where nothing is mapped the code is SEGV_MAPERR; where the mapping forbids the access
# it is SEGV_ACCERR. An address that no page table can hold gives neither code nor
# address.

mmap(mmap-0x3000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
load(mmap-0x9000, 0x1)
store(mmap-0x3000, 0x1, 0x1)
call(mmap-0x3000)
load(0x8000000000000000, 0x1)
load(NULL, 0x1)
