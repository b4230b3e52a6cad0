# Touched memory keeps the page offset of its first place. It does not merge with a
# neighbour of the new place, but does so again when it is moved back.

mmap(mmap-0x9000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x9000
store(mmap-0x9000, 0x2000, 0x01) = 0
mremap(mmap-0x8000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x3000) = mmap-0x3000
mmap(mmap-0x2000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x2000  # a neighbour, and two mappings
mremap(mmap-0x3000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x8000) = mmap-0x8000
