# Memory that is relocated where nothing merges at once does so later: with what
# is mapped beside it, and with a neighbour whose protection becomes the same.
requires: rule=relocate-anon

mmap(mmap-0x2000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
store(mmap-0x2000, 0x2000, 0x01) = 0
mmap(mmap-0xe000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0xe000
mremap(mmap-0x2000, 0x2000, 0x2000, MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_RELOCATE_ANON, mmap-0x10000) = mmap-0x10000
mprotect(mmap-0xe000, 0x1000, PROT_READ|PROT_WRITE) = 0
mmap(mmap-0x11000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x11000
