# A known difference (mmdiff known). A move that makes memory shorter adds nothing, so there
# is nothing to charge; Linux since 6.15 charges what was given up, here more than there is.

mmap(heap+0x10000000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = heap+0x10000000
mremap(heap+0x10000000, 0x400000000000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, heap+0x8000000) = heap+0x8000000
