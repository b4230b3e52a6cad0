# Memory that ends where the heap begins is not part of it: the heap does not extend it,
# although it looks the same (brk asks for the mapping above start_brk only).

mmap(heap-0x1000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = heap-0x1000
brk(heap+0x1000) = heap+0x1000
brk(heap+0x2000) = heap+0x2000
