# mlock makes all pages present and counts them in VmLck; munlock merges the pieces
# again.

mmap(NULL, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
mlock(mmap-0x2000, 0x1000) = 0
mincore(mmap-0x3000, 0x3000) = [0x1 1x1 0x1]
mlock(mmap-0x3000, 0x3000) = 0
munlock(mmap-0x3000, 0x3000) = 0
mincore(mmap-0x3000, 0x3000) = [1x3]
