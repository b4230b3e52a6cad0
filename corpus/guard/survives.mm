# Guard markers survive MADV_DONTNEED, a change of protection, a move and a fork.
requires: rule=guard-regions

mmap(mmap-0x5000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
madvise(mmap-0x5000, 0x1000, MADV_GUARD_INSTALL)
madvise(mmap-0x5000, 0x1000, MADV_DONTNEED)
load(mmap-0x5000, 0x1)
mprotect(mmap-0x5000, 0x1000, PROT_READ)
load(mmap-0x5000, 0x1)
mremap(mmap-0x5000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x9000)
load(mmap-0x9000, 0x1)
fork()
p1: load(mmap-0x9000, 0x1)
