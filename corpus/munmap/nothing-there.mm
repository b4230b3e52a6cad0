# Unmapping nothing is no error.

munmap(mmap-0x10000, 0x4000)
mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
munmap(mmap-0x10000, 0x10000)   # free memory, then the mapping
load(mmap-0x1000, 1)
