# A mapping from which MREMAP_DONTUNMAP took every page is like one that was never
# touched: it merges with a neighbour that was touched apart.
requires: rule=symmetric-anon-merge

mmap(mmap-0x2000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
madvise(mmap-0x2000, 0x1000, MADV_DONTDUMP) = 0
store(mmap-0x2000, 0x1, 0x01) = 0
mmap(mmap-0x3000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
store(mmap-0x3000, 0x1, 0x01) = 0
mremap(mmap-0x3000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_DONTUNMAP, mmap-0x20000) = mmap-0x20000
madvise(mmap-0x2000, 0x1000, MADV_DODUMP) = 0
