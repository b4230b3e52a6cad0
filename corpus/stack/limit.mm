# RLIMIT_STACK bounds growth from the moment it is set.

mmap(stack-0x21000, 0x21000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_GROWSDOWN, -1, 0) = stack-0x21000
setrlimit(RLIMIT_STACK, 0x30000, RLIM_INFINITY) = 0
store(stack-0x30000, 0x1, 0x01) = 0
store(stack-0x30001, 0x1, 0x01) = SIGSEGV/SEGV_MAPERR at stack-0x30001
