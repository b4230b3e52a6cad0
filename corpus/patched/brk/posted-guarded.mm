# A condition that imitates merging does not follow when merging changes: it knows of one
# flag that may differ, soft-dirty, and not of the later one for guard regions.
requires: rule=brk-posted-v4 rule=maybe-guard

brk(heap+0x3000) = heap+0x3000
madvise(heap, 0x1000, MADV_GUARD_INSTALL) = 0
brk(heap+0x5000) = heap+0x5000
