# mlock makes all pages present and counts them in VmLck; munlock merges the pieces
# again.

mmap(NULL, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
mlock(mmap-0x2000, 0x1000)
mincore(mmap-0x3000, 0x3000)
mlock(mmap-0x3000, 0x3000)
munlock(mmap-0x3000, 0x3000)
mincore(mmap-0x3000, 0x3000)
