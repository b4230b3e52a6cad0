# Limits are tested against what the heap grows by, not against the length that it then has
# on top of what is there. RLIMIT_DATA bounds the heap as a whole in a test of its own.

brk(heap+0x8000) = heap+0x8000
setrlimit(RLIMIT_DATA, 0xa000, RLIM_INFINITY) = 0
brk(heap+0xa000) = heap+0xa000
brk(heap+0xb000) = heap+0xa000
