# In 6.1 a copy beside its untouched source merges with nothing, not even with the mapping on
# its other side.
requires: !rule=dontunmap-merges-others !rule=mremap-early-checks !rule=mremap-multi

mmap(mmap-0x8000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x8000
mmap(mmap-0xa000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0xa000
mremap(mmap-0x8000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_DONTUNMAP, mmap-0x9000) = mmap-0x9000
