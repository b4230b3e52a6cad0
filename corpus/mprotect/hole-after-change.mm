# A range with a hole is an error, but what lies before the hole has been changed
# already.

mmap(mmap-0x5000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
mmap(mmap-0x3000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
mprotect(mmap-0x5000, 0x3000, PROT_READ)
store(mmap-0x5000, 0x1, 0x1)   # changed
store(mmap-0x3000, 0x1, 0x1)   # not reached
