# Lowering the break unmaps all that lies in the range given up, whoever mapped it.

brk(heap+0x4000) = heap+0x4000
mmap(heap+0x2000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = heap+0x2000
store(heap+0x3000, 0x1, 0x41) = 0
brk(heap+0x1000) = heap+0x1000
load(heap+0x3000, 0x1) = SIGSEGV/SEGV_MAPERR at heap+0x3000
