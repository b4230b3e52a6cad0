# PROT_GROWSDOWN extends a change down to the start of the stack.

mmap(stack-0x21000, 0x21000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_GROWSDOWN, -1, 0) = stack-0x21000
store(stack-0x22000, 0x1, 0x01) = 0
mprotect(stack-0x1000, 0x1000, PROT_READ|PROT_GROWSDOWN) = 0
store(stack-0x22000, 0x1, 0x01) = SIGSEGV/SEGV_ACCERR at stack-0x22000
mprotect(stack-0x1000, 0x1000, PROT_READ|PROT_WRITE|PROT_GROWSDOWN) = 0
store(stack-0x22000, 0x1, 0x01) = 0
