# A known difference (mmdiff known). Source and copy of MREMAP_DONTUNMAP are two
# mappings; Linux 6.17 to 7.1 makes one of them when the destination is adjacent and
# nothing was touched.

mmap(mmap-0x2000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
mremap(mmap-0x2000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_DONTUNMAP, mmap-0x1000) = mmap-0x1000
