# RLIMIT_STACK bounds growth from the moment it is set.

setrlimit(RLIMIT_STACK, 0x30000, RLIM_INFINITY)
store(stack-0x30000, 0x1, 0x1)
store(stack-0x30001, 0x1, 0x1)
