# The heap may be the one mapping more than vm.max_map_count. After that it does not even
# grow, although that needs no mapping: do_brk_flags counts first.
requires: max-map-count=2

mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
brk(heap+0x1000) = heap+0x1000
brk(heap+0x2000) = heap+0x1000
mmap(NULL, 0x1000, PROT_READ|PROT_EXEC, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -ENOMEM
munmap(mmap-0x1000, 0x1000) = 0
brk(heap+0x2000) = heap+0x2000
