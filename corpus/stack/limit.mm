# RLIMIT_STACK bounds growth from the moment it is set.

setrlimit(RLIMIT_STACK, 0x30000, RLIM_INFINITY) = 0
store(stack-0x30000, 0x1, 0x01) = 0
store(stack-0x30001, 0x1, 0x01) = SIGSEGV/SEGV_MAPERR at stack-0x30001
