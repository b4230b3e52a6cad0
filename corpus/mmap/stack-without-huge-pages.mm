# MAP_STACK is no different from other memory where the kernel has no transparent huge
# pages.
requires: !thp rule=map-stack-nohugepage

mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_STACK, -1, 0) = mmap-0x2000
madvise(mmap-0x1000, 0x1000, MADV_NOHUGEPAGE) = -EINVAL
