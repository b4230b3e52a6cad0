# What a mapping grows by has no pages to relocate, but its place is the new one.
requires: rule=relocate-anon

mmap(mmap-0x2000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
store(mmap-0x2000, 0x1000, 0x01) = 0
mmap(mmap-0xd000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0xd000
mremap(mmap-0x2000, 0x1000, 0x3000, MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_RELOCATE_ANON, mmap-0x10000) = mmap-0x10000
