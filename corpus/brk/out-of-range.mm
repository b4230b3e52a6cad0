# The heap ends below the top of the address space, and an end that would wrap is none.

brk(0x7ffffffff000) = heap
brk(0xffffffffffffffff) = heap
brk(0xfffffffffffff000) = heap
brk(heap+0x1000) = heap+0x1000
