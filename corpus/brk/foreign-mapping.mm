# Memory that was mapped into the range of the heap is called [heap] like the rest, and
# goes when the heap shrinks over it.

brk(heap+0x4000) = heap+0x4000
mmap(heap+0x1000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = heap+0x1000
brk(heap+0x1000) = heap+0x1000
load(heap+0x1000, 0x1) = SIGSEGV/SEGV_MAPERR at heap+0x1000
