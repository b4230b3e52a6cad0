# A failing brk answers the old end instead of an error number.

brk(heap+0x2000) = heap+0x2000
brk(heap-0x1000) = heap+0x2000
mmap(heap+0x8000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = heap+0x8000
brk(heap+0x9000) = heap+0x2000  # something is in the way
brk(heap+0x8000) = heap+0x2000  # one page must stay free below it
brk(heap+0x7000) = heap+0x7000
