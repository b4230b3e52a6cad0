# With mremap-realign (try_realign_addr):
# mremap lowers a move to the start of the page table's span, to move whole tables.
requires: rule=mremap-realign

mmap(mmap-0x779fe000, 0x1ff000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x779fe000
store(mmap-0x779fe000, 0x1, 0x01) = 0
mremap(mmap-0x77969000, 0x16a000, 0x16a000, MREMAP_MAYMOVE|MREMAP_DONTUNMAP, mmap-0x177f69000) = mmap-0x177f69000
mremap(mmap-0x177f69000, 0x16a000, 0x16a000, MREMAP_MAYMOVE|MREMAP_DONTUNMAP, mmap-0x1169000) = mmap-0x1169000
