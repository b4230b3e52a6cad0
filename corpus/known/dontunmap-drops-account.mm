# A known difference (mmdiff known). The source of MREMAP_DONTUNMAP stays private and
# writable, so it stays charged; Linux 6.15 and 6.16 take its flag ac.

mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
mremap(mmap-0x1000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_DONTUNMAP, mmap-0x4000) = mmap-0x4000
