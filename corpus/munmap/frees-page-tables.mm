# A page table goes when the last mapping in its 2 MiB goes; as long as a neighbour
# shares the 2 MiB it stays (VmPTE).

mmap(mmap-0x40000000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x40000000
store(mmap-0x40000000, 0x1, 0x01) = 0
mmap(mmap-0x3ffff000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x3ffff000
munmap(mmap-0x40000000, 0x1000) = 0  # the table stays for the neighbour
munmap(mmap-0x3ffff000, 0x1000) = 0
