# brk moves the end of the heap and answers where it is.

brk(NULL) = heap
brk(heap+0x3000) = heap+0x3000
store(heap+0x2fff, 0x1, 0x41) = 0
brk(heap+0x1800) = heap+0x1800
load(heap+0x1000, 0x1000) = 0x00
load(heap+0x2000, 0x1) = SIGSEGV/SEGV_MAPERR at heap+0x2000
brk(heap) = heap
