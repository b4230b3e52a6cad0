# New heap that matches the heap's last mapping extends it; there is one mapping, touched or
# not.

brk(heap+0x2000) = heap+0x2000
store(heap, 0x1, 0x41) = 0
brk(heap+0x4000) = heap+0x4000
load(heap+0x3000, 0x1) = 0x00
