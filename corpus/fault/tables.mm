# The first touch of a 2 MiB costs a page table, in a new 1 GiB a directory as well
# (VmPTE).

mmap(mmap-0x80000000, 0x60000000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = mmap-0x80000000
load(mmap-0x80000000, 0x1) = 0x00
load(mmap-0x7fe00000, 0x1) = 0x00
load(mmap-0x40000000, 0x1) = 0x00
