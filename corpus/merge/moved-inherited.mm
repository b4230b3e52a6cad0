# Memory that was touched before a fork does not merge in the child with a mapping that was
# never touched, also when it is moved there; in the parent, which shares it with nobody
# above it, the same moves end in one mapping.
requires: rule=copy-vma-fork-check rule=symmetric-anon-merge

mmap(mmap-0x10000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x10000
store(mmap-0x10000, 0x1, 0x01) = 0
fork() = p1
p1: mremap(mmap-0x10000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x20000) = mmap-0x20000
p1: mmap(mmap-0xf000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0xf000
p1: mremap(mmap-0x20000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x10000) = mmap-0x10000
mremap(mmap-0x10000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x20000) = mmap-0x20000
mmap(mmap-0xf000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0xf000
mremap(mmap-0x20000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x10000) = mmap-0x10000
