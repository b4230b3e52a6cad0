# Memory that is relocated beside touched memory becomes part of it: the pages
# go over to the anon_vma of the mapping that they end up in.
requires: rule=relocate-anon

mmap(mmap-0x2000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
store(mmap-0x2000, 0x2000, 0x01) = 0
mmap(mmap-0x10000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x10000
store(mmap-0x10000, 0x2000, 0x02) = 0
mremap(mmap-0x2000, 0x2000, 0x2000, MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_RELOCATE_ANON, mmap-0xe000) = mmap-0xe000
load(mmap-0x10000, 0x4000) = #c56f368d3659aef2
# one mapping: a range that mremap takes on every kernel
mremap(mmap-0x10000, 0x4000, 0x4000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x20000) = mmap-0x20000
