# When source and destination are at the same place within their 2 MiB, the page table
# moves as a whole; otherwise entry by entry, into a new one. With MREMAP_DONTUNMAP the
# difference stays visible in VmPTE.

mmap(mmap-0x40000000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x40000000
store(mmap-0x40000000, 0x1, 0x01) = 0
mremap(mmap-0x40000000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_DONTUNMAP, mmap-0x80000000) = mmap-0x80000000
mmap(mmap-0xc0000000, 0x200000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0xc0000000
store(mmap-0xc0000000, 0x1, 0x01) = 0
mremap(mmap-0xc0000000, 0x200000, 0x200000, MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_DONTUNMAP, mmap-0x100000000) = mmap-0x100000000
mremap(mmap-0x100000000, 0x200000, 0x200000, MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_DONTUNMAP, mmap-0x140001000) = mmap-0x140001000
