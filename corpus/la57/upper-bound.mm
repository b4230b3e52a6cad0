# A range may end with the address space and not beyond it: 2^56 bytes less a page.
requires: la57

munmap(0x7fffffffe000, 0x2000) = 0
munmap(0xfffffffffff000, 0x1000) = -EINVAL
munmap(0xffffffffffe000, 0x1001) = -EINVAL
munmap(0xffffffffffe000, 0x1000) = 0
munmap(0x100000000000000, 0) = -EINVAL
mincore(0xfffffffffff000, 0x1000) = -ENOMEM
mmap(0x7fffffffe000, 0xff800000001000, PROT_NONE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = stack  # all there is
mprotect(0x8000000000000, 0xf7fffffffff000, PROT_READ) = 0
madvise(0x7fffffffe000, 0xff800000001000, MADV_DONTNEED) = 0
load(0xffffffffffe000, 0x1000) = 0x00
mmap(0x1000000000000, 0x1000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = stack-0x1000  # no room: below
