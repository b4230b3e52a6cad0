# A range with a hole is an error, but what lies before the hole has been changed
# already.

mmap(mmap-0x5000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x5000
mmap(mmap-0x3000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
mprotect(mmap-0x5000, 0x3000, PROT_READ) = -ENOMEM
store(mmap-0x5000, 0x1, 0x01) = SIGSEGV/SEGV_ACCERR at mmap-0x5000  # changed
store(mmap-0x3000, 0x1, 0x01) = 0  # not reached
