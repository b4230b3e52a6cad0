# munmap wants a page-aligned start, a length and an end in user space; the length
# itself is rounded up.

mmap(NULL, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
munmap(mmap-0x1fff, 0x1000)
munmap(mmap-0x2000, 0)
munmap(mmap-0x2000, 0x7fffffffffff)
munmap(mmap-0x2000, 0xffffffffffffffff)
munmap(mmap-0x2000, 0x1)
load(mmap-0x2000, 1)
load(mmap-0x1000, 1)
