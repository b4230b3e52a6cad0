# munmap wants a page-aligned start, a length and an end in user space; the length
# itself is rounded up.

mmap(NULL, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
munmap(mmap-0x1fff, 0x1000) = -EINVAL
munmap(mmap-0x2000, 0) = -EINVAL
munmap(mmap-0x2000, 0xffffffffffffff) = -EINVAL
munmap(mmap-0x2000, 0xffffffffffffffff) = -EINVAL
munmap(mmap-0x2000, 0x1) = 0
load(mmap-0x2000, 0x1) = SIGSEGV/SEGV_MAPERR at mmap-0x2000
load(mmap-0x1000, 0x1) = 0x00
