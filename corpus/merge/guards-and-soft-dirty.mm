# The flags of soft-dirty tracking and of guard regions (sd, gu) may both differ between
# mappings that merge; the result has both.
requires: soft-dirty rule=guard-regions rule=maybe-guard

mmap(mmap-0x3000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
madvise(mmap-0x3000, 0x1000, MADV_GUARD_INSTALL) = 0
mmap(mmap-0x2000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
# heap
brk(heap+0x1000) = heap+0x1000
madvise(heap, 0x1000, MADV_GUARD_INSTALL) = 0
brk(heap+0x2000) = heap+0x2000
