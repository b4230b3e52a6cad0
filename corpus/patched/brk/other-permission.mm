# The heap's last mapping has other flags than new heap: it is left as it is, and new heap
# is a mapping of its own.

brk(heap+0x3000) = heap+0x3000
mprotect(heap+0x2000, 0x1000, PROT_READ|PROT_WRITE|PROT_EXEC) = 0
brk(heap+0x5000) = heap+0x5000
store(heap+0x3000, 0x1, 0xc3) = 0
call(heap+0x3000) = SIGSEGV/SEGV_ACCERR at heap+0x3000  # new heap cannot be executed
