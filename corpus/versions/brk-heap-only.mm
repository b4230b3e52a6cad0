# With brk-heap-only (do_brk_flags):
# a growing heap only extends a mapping that reaches beyond the heap's start.
requires: rule=brk-heap-only

mmap(0x2fffc000, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x2fffc000
brk(heap+0x1000) = heap+0x1000
