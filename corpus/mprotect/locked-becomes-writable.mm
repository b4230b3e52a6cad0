# Locked memory that becomes writable is given pages of its own at once.

mmap(NULL, 0x2000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_LOCKED, -1, 0) = mmap-0x2000
mprotect(mmap-0x2000, 0x1000, PROT_READ|PROT_WRITE) = 0
mincore(mmap-0x2000, 0x2000) = [1x2]
