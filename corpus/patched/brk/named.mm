# New heap has no name, and does not extend a heap that has one.
requires: anon-vma-name

brk(heap+0x2000) = heap+0x2000
set_vma_name(heap, 0x2000, "a") = 0
brk(heap+0x4000) = heap+0x4000
