# Until 6.16 MREMAP_DONTUNMAP compares the lengths as they are given, not as they are rounded.
requires: !rule=mremap-early-checks !rule=mremap-multi

mmap(mmap-0x8000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x8000
mremap(mmap-0x8000, 0x1000, 0xfff, MREMAP_MAYMOVE|MREMAP_DONTUNMAP, NULL) = -EINVAL
mremap(mmap-0x8000, 0xfff, 0xfff, MREMAP_MAYMOVE|MREMAP_DONTUNMAP, mmap-0x20000) = mmap-0x20000
