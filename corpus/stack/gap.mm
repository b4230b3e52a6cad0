# A stack keeps 1 MiB distance to what is below it. Memory without any permission does
# not count: it is a guard itself.

mmap(stack-0x21000, 0x21000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_GROWSDOWN, -1, 0) = stack-0x21000
mmap(stack-0x140000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = stack-0x140000
store(stack-0x3f000, 0x1, 0x01) = 0
store(stack-0x40000, 0x1, 0x01) = SIGSEGV/SEGV_MAPERR at stack-0x40000
mprotect(stack-0x140000, 0x1000, PROT_NONE) = 0
store(stack-0x40000, 0x1, 0x01) = 0
