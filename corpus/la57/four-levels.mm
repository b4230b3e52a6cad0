# With page tables of four levels there is nothing above 2^47: no mapping, whatever is
# asked for, and a signal without an address for whoever touches it.
requires: !la57

mmap(0x1000000000000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
mmap(0x7fffffffe000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = -ENOMEM
mmap(0x7fffffffe000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = stack
mremap(0x7fffffffe000, 0x1000, 0x2000, 0, NULL) = -ENOMEM
load(0x7ffffffff000, 0x1) = SIGSEGV/SEGV_MAPERR at 0x7ffffffff000
load(0x800000000000, 0x1) = SIGSEGV/SI_KERNEL at NULL
load(0xffff800000000000, 0x1) = SIGSEGV/SEGV_MAPERR at 0xffff800000000000
