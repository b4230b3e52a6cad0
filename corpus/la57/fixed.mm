# Whoever says where a mapping is to be can have any place up to 2^56 less a page, across
# the end of the lower 2^47 bytes as well.
requires: la57

mmap(0x7fffffffe000, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = stack
store(0x7ffffffff000, 0x2000, 0x41) = 0
load(0x800000000000, 0x1000) = 0x42
mprotect(0x7ffffffff000, 0x2000, PROT_READ) = 0
madvise(0x7fffffffe000, 0x3000, MADV_DONTNEED) = 0
mincore(0x7fffffffe000, 0x3000) = [0x3]
mmap(0xffffffffffe000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0xffffffffffe000
store(0xffffffffffe000, 0x1000, 0x42) = 0
mmap(0xfffffffffff000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = -ENOMEM
munmap(0x7fffffffe000, 0xff800000001000) = 0  # up to the end of all
