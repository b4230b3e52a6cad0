# That a mapping had guard regions is a flag that merging ignores: the heap is extended.
requires: rule=maybe-guard

brk(heap+0x3000) = heap+0x3000
madvise(heap, 0x1000, MADV_GUARD_INSTALL) = 0
brk(heap+0x5000) = heap+0x5000
