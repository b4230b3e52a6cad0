# Growing locked memory locks and populates the new part.

mmap(mmap-0x8000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_LOCKED, -1, 0) = mmap-0x8000
mremap(mmap-0x8000, 0x1000, 0x3000, 0, NULL) = mmap-0x8000
mincore(mmap-0x8000, 0x3000) = [1x3]
