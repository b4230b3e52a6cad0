# With brk-shrink-needs-mapping (brk):
# the break stays where nothing is mapped in the range that it gives up.
requires: rule=brk-shrink-needs-mapping

brk(heap+0x9000) = heap+0x9000
mremap(heap, 0x9000, 0x1000, 0, NULL) = heap
brk(heap+0x8000) = heap+0x9000
