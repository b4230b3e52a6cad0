# A known difference (mmdiff known). The emptied source of MREMAP_DONTUNMAP has no pages
# and should merge like any untouched memory; Linux 5.7 to 7.1 leaves it the page offset
# of the pages it had.

mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
store(mmap-0x1000, 0x1, 0x01) = 0
mremap(mmap-0x1000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x4000) = mmap-0x4000
mremap(mmap-0x4000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_DONTUNMAP, mmap-0x8000) = mmap-0x8000
mmap(mmap-0x3000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
