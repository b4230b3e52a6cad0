# A mapping that ends where the heap starts is no part of it, and is not extended.
requires: rule=brk-heap-only

mmap(heap-0x1000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x2ffff000
brk(heap+0x2000) = heap+0x2000
