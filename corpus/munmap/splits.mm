# A hole in the middle leaves two mappings, the page tables around it and the contents
# of both.

mmap(NULL, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
store(mmap-0x3000, 0x3000, 0x10)
munmap(mmap-0x2000, 0x1000)
load(mmap-0x3000, 1)
load(mmap-0x2000, 1)
load(mmap-0x1000, 1)
