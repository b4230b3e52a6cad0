# Both grow flags, then the alignment, then an empty range (fine, wherever it is), then
# wrapping around, then the protection, then the mapping.

mprotect(0x1001, 0x1000, PROT_GROWSDOWN|PROT_GROWSUP)
mprotect(0x1001, 0, PROT_READ)
mprotect(0x1000, 0, 0x80)
mprotect(0x1000, 0xfffffffffffff000, 0x80)
mprotect(0x1000, 0x1000, 0x80)
mprotect(0x1000, 0x1000, PROT_READ)
mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
mprotect(mmap-0x1000, 0x1000, PROT_READ|PROT_GROWSDOWN)   # it does not grow
