# MLOCK_ONFAULT locks pages as they come, and populates none.

mmap(NULL, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
mlock2(mmap-0x2000, 0x2000, MLOCK_ONFAULT)
mincore(mmap-0x2000, 0x2000)
store(mmap-0x2000, 0x1, 0x1)
mlock2(mmap-0x2000, 0x2000, 0x2)
mlock(mmap-0x2000, 0x2000)
mincore(mmap-0x2000, 0x2000)
