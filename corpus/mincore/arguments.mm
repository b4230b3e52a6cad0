# mincore wants an aligned start and a range without holes.

mmap(mmap-0x4000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x4000
mincore(mmap-0x3fff, 0x1000) = -EINVAL
mincore(mmap-0x4000, 0) = []
mincore(mmap-0x4000, 0x2000) = -ENOMEM
store(mmap-0x4000, 0x1, 0x01) = 0
mincore(mmap-0x4000, 0x1) = [1x1]
