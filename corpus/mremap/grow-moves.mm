# Where growing in place is impossible the mapping moves, pages and all, if it may.

mmap(mmap-0x8000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x8000
mmap(mmap-0x7000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x7000
store(mmap-0x8000, 0x1000, 0x41) = 0
mremap(mmap-0x8000, 0x1000, 0x2000, 0, NULL) = -ENOMEM
mremap(mmap-0x8000, 0x1000, 0x2000, MREMAP_MAYMOVE, NULL) = mmap-0x2000
load(mmap-0x2000, 0x1000) = 0x41
load(mmap-0x1000, 0x1) = 0x00
load(mmap-0x8000, 0x1) = SIGSEGV/SEGV_MAPERR at mmap-0x8000
