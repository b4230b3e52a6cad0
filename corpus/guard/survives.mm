# Guard markers survive MADV_DONTNEED, a change of protection, a move and a fork.
requires: rule=guard-regions

mmap(mmap-0x5000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x5000
madvise(mmap-0x5000, 0x1000, MADV_GUARD_INSTALL) = 0
madvise(mmap-0x5000, 0x1000, MADV_DONTNEED) = 0
load(mmap-0x5000, 0x1) = SIGSEGV/SEGV_MAPERR at mmap-0x5000
mprotect(mmap-0x5000, 0x1000, PROT_READ) = 0
load(mmap-0x5000, 0x1) = SIGSEGV/SEGV_MAPERR at mmap-0x5000
mremap(mmap-0x5000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x9000) = mmap-0x9000
load(mmap-0x9000, 0x1) = SIGSEGV/SEGV_MAPERR at mmap-0x9000
fork() = p1
p1: load(mmap-0x9000, 0x1) = SIGSEGV/SEGV_MAPERR at mmap-0x9000
