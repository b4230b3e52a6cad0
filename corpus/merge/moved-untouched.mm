# Untouched memory takes the page offset of the place it is moved to, and merges there.

mmap(mmap-0x9000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x9000
mmap(mmap-0x2000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
mremap(mmap-0x9000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x1000) = mmap-0x1000
