# MREMAP_DONTUNMAP moves the pages and leaves the empty mapping behind.

mmap(mmap-0x8000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x8000
store(mmap-0x8000, 0x2000, 0x41) = 0
mremap(mmap-0x8000, 0x2000, 0x2000, MREMAP_MAYMOVE|MREMAP_DONTUNMAP, NULL) = mmap-0x2000
load(mmap-0x8000, 0x2000) = 0x00
load(mmap-0x2000, 0x1000) = 0x41
