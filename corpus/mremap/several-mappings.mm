# A pure move to a fixed place may span several mappings; the holes between them are
# kept.
requires: rule=mremap-multi

mmap(mmap-0x9000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x9000
mmap(mmap-0x7000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x7000
store(mmap-0x9000, 0x1000, 0x41) = 0
mremap(mmap-0x9000, 0x3000, 0x3000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x20000) = mmap-0x20000
load(mmap-0x20000, 0x1000) = 0x41
load(mmap-0x1f000, 0x1) = SIGSEGV/SEGV_MAPERR at mmap-0x1f000
load(mmap-0x1e000, 0x1) = 0x00
