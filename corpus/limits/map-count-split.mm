# A change in the middle of a mapping needs two splits. When vm.max_map_count grants only
# the first, the call fails and the first split stays.
requires: max-map-count=3

mmap(NULL, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
mprotect(mmap-0x2000, 0x1000, PROT_READ) = -ENOMEM
mprotect(mmap-0x3000, 0x1000, PROT_READ) = 0
