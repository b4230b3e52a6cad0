# Growth that a limit refuses is counted nowhere, and the break stays.

brk(heap+0x8000) = heap+0x8000
setrlimit(RLIMIT_AS, 0x1000, RLIM_INFINITY) = 0
brk(heap+0xb000) = heap+0x8000
brk(NULL) = heap+0x8000
brk(heap+0x6000) = heap+0x6000
setrlimit(RLIMIT_AS, RLIM_INFINITY, RLIM_INFINITY) = 0
brk(heap+0xb000) = heap+0xb000
