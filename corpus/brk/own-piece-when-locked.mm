# With MCL_FUTURE a new piece of heap is locked and populated, and so stays apart from
# the unlocked heap below it.

brk(heap+0x2000) = heap+0x2000
mlockall(MCL_FUTURE) = 0
brk(heap+0x4000) = heap+0x4000
mincore(heap, 0x4000) = [0x2 1x2]
