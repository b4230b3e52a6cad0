# MCL_FUTURE locks what is mapped from now on, and a child does not inherit it.

mlockall(MCL_FUTURE)
mmap(NULL, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
mincore(mmap-0x2000, 0x2000)
fork()
p1: mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
p1: mincore(mmap-0x3000, 0x3000)
munlockall()
mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
