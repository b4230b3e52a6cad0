# New heap that is to be locked counts against RLIMIT_MEMLOCK: where it does not fit, the
# break stays, and nothing is locked or populated.
requires: user

brk(heap+0x1000) = heap+0x1000
mlockall(MCL_FUTURE) = 0
setrlimit(RLIMIT_MEMLOCK, 0x2000, 0x800000) = 0
brk(heap+0x4000) = heap+0x1000
brk(NULL) = heap+0x1000
brk(heap+0x3000) = heap+0x3000
