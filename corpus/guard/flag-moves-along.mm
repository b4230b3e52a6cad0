# Memory with the flag of guard regions (gu) that is moved to beside memory without it
# makes one mapping with the flag.
requires: rule=guard-regions rule=maybe-guard rule=symmetric-anon-merge

mmap(mmap-0x4000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x4000
madvise(mmap-0x4000, 0x1000, MADV_GUARD_INSTALL) = 0
mremap(mmap-0x4000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x10000) = mmap-0x10000
mmap(mmap-0x3000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
mremap(mmap-0x10000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x4000) = mmap-0x4000
load(mmap-0x4000, 0x1) = SIGSEGV/SEGV_MAPERR at mmap-0x4000
load(mmap-0x3000, 0x1) = 0x00
