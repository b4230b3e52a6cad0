# A known difference (mmdiff known). Only the part that was moved with MREMAP_DONTUNMAP
# should lose its lock; Linux 5.7 to 7.1 unlocks the whole mapping, and VmLck still
# counts it.

mmap(NULL, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_LOCKED, -1, 0) = mmap-0x2000
mremap(mmap-0x2000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_DONTUNMAP, NULL) = mmap-0x3000
