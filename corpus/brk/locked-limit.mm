# With MCL_FUTURE a heap that grows is locked, and RLIMIT_MEMLOCK bounds it.
requires: user

setrlimit(RLIMIT_MEMLOCK, 0x2000, 0x800000) = 0
mlockall(MCL_FUTURE) = 0
brk(heap+0x3000) = heap
brk(heap+0x2000) = heap+0x2000
brk(heap+0x3000) = heap+0x2000
