# A heap that was never used before the fork is extended by the child as well.

brk(heap+0x2000) = heap+0x2000
fork() = p1
p1: brk(heap+0x4000) = heap+0x4000
