# A child's heap that was used before the fork has a chain of two anon_vmas. New heap does
# not extend it; in the parent it does.

brk(heap+0x2000) = heap+0x2000
store(heap, 0x1, 0x41) = 0
fork() = p1
p1: brk(heap+0x4000) = heap+0x4000
brk(heap+0x4000) = heap+0x4000
p1: store(heap+0x3000, 0x1, 0x42) = 0
load(heap+0x3000, 0x1) = 0x00
