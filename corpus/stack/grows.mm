# An access below a stack makes it grow, down to the page that was touched.

store(stack-0x22000, 0x1, 0x1)
store(stack-0x80000, 0x1, 0x1)
load(stack-0x70000, 0x1)
store(stack-0x800001, 0x1, 0x1)   # beyond RLIMIT_STACK
