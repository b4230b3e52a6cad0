# Addresses below 2^56 have page tables: touching them gives SEGV_MAPERR and the address.
# Beyond that no table can hold them.
requires: la57

load(0x800000000000, 0x1) = SIGSEGV/SEGV_MAPERR at 0x800000000000
store(0xffffffffffe000, 0x1, 0x41) = SIGSEGV/SEGV_MAPERR at 0xffffffffffe000
load(0xffffffffffffff, 0x1) = SIGSEGV/SEGV_MAPERR at 0xffffffffffffff  # the page that is never mapped
load(0x100000000000000, 0x1) = SIGSEGV/SI_KERNEL at NULL
load(0xfeffffffffffffff, 0x1) = SIGSEGV/SI_KERNEL at NULL
load(0xff00000000000000, 0x1) = SIGSEGV/SEGV_MAPERR at 0xff00000000000000  # the kernel's half
