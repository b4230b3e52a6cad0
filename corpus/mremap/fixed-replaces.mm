# MREMAP_FIXED removes what is at the destination.

mmap(mmap-0x2000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
mmap(mmap-0x8000, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x8000
store(mmap-0x2000, 0x1000, 0x41) = 0
store(mmap-0x8000, 0x3000, 0x10) = 0
mremap(mmap-0x2000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x7000) = mmap-0x7000
load(mmap-0x8000, 0x1) = 0x10
load(mmap-0x7000, 0x1) = 0x41
load(mmap-0x6000, 0x1) = 0x12
