# With MCL_FUTURE new heap is locked and populated. A heap that is locked already is
# extended.

brk(heap+0x1000) = heap+0x1000
mlockall(MCL_CURRENT|MCL_FUTURE) = 0
brk(heap+0x3000) = heap+0x3000
mincore(heap, 0x3000) = [1x3]
