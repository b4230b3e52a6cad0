# MCL_FUTURE locks what is mapped from now on, and a child does not inherit it.

mlockall(MCL_FUTURE) = 0
mmap(NULL, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
mincore(mmap-0x2000, 0x2000) = [1x2]
fork() = p1
p1: mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
p1: mincore(mmap-0x3000, 0x3000) = [0x1 1x2]
munlockall() = 0
mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
