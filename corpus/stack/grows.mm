# An access below a stack makes it grow, down to the page that was touched.

mmap(stack-0x21000, 0x21000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_GROWSDOWN, -1, 0) = stack-0x21000
store(stack-0x22000, 0x1, 0x01) = 0
store(stack-0x80000, 0x1, 0x01) = 0
load(stack-0x70000, 0x1) = 0x00
store(stack-0x800001, 0x1, 0x01) = SIGSEGV/SEGV_MAPERR at stack-0x800001  # beyond RLIMIT_STACK
