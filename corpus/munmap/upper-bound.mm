# A range may end with the address space and not beyond it, and an empty one is refused
# wherever it is. What is left over of a last page goes with the page.
requires: !la57

munmap(0x7ffffffff000, 0x1000) = -EINVAL
munmap(0x7fffffffe000, 0x1001) = -EINVAL
munmap(0x7ffffffff000, 0) = -EINVAL
munmap(0x800000000000, 0) = -EINVAL
munmap(stack-0x1000, 0x1000) = 0
mmap(NULL, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
munmap(mmap-0x2000, 0x1001) = 0
load(mmap-0x1000, 0x1) = SIGSEGV/SEGV_MAPERR at mmap-0x1000
