# Before 6.1 unmapping nothing is no failure, and the break is lowered.
requires: !rule=brk-shrink-needs-mapping

brk(heap+0x3000) = heap+0x3000
munmap(heap+0x1000, 0x2000) = 0
brk(heap+0x1000) = heap+0x1000
brk(NULL) = heap+0x1000
