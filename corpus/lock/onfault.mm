# MLOCK_ONFAULT locks pages as they come, and populates none.

mmap(NULL, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
mlock2(mmap-0x2000, 0x2000, MLOCK_ONFAULT) = 0
mincore(mmap-0x2000, 0x2000) = [0x2]
store(mmap-0x2000, 0x1, 0x01) = 0
mlock2(mmap-0x2000, 0x2000, 0x2) = -EINVAL
mlock(mmap-0x2000, 0x2000) = 0
mincore(mmap-0x2000, 0x2000) = [1x2]
