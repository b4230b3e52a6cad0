# With vm.overcommit_memory 1 no request is too large.
requires: overcommit=1 total-pages=64

mmap(NULL, 0x41000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x41000
brk(heap+0x41000) = heap+0x41000
munmap(mmap-0x41000, 0x41000) = 0
mmap(NULL, 0x41000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x41000
mprotect(mmap-0x41000, 0x41000, PROT_READ|PROT_WRITE) = 0
