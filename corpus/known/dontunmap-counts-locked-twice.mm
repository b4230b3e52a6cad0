# A known difference (mmdiff known). Moving locked memory with MREMAP_DONTUNMAP leaves a
# source that is no longer locked, so VmLck may not change; Linux 6.15 to 7.1 adds the
# moved pages to it.

mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_LOCKED, -1, 0) = mmap-0x1000
mremap(mmap-0x1000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_DONTUNMAP, NULL) = mmap-0x2000
