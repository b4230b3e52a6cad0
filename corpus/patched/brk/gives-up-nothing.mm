# Since 6.1 the break cannot be lowered over a range in which nothing is mapped.
requires: rule=brk-shrink-needs-mapping

brk(heap+0x3000) = heap+0x3000
munmap(heap+0x1000, 0x2000) = 0
brk(heap+0x1000) = heap+0x3000
brk(NULL) = heap+0x3000
