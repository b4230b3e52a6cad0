# Shrinking unmaps the tail and never moves.

mmap(NULL, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
store(mmap-0x3000, 0x3000, 0x1)
mremap(mmap-0x3000, 0x3000, 0x1000, 0, NULL)
load(mmap-0x3000, 1)
load(mmap-0x2000, 1)
