# What is in swap moves with its mapping, and is read back where it is then; protection
# does not matter until it is touched.
requires: swap

mmap(mmap-0x3000, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0) = mmap-0x3000
store(mmap-0x3000, 0x3000, 0x41) = 0
madvise(mmap-0x3000, 0x3000, MADV_PAGEOUT) = 0
mprotect(mmap-0x3000, 0x1000, PROT_READ) = 0
mremap(mmap-0x3000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x10000) = mmap-0x10000
load(mmap-0x10000, 0x1) = 0x41
store(mmap-0x10000, 0x1, 0x51) = SIGSEGV/SEGV_ACCERR at mmap-0x10000
mprotect(mmap-0x10000, 0x1000, PROT_READ|PROT_WRITE) = 0
store(mmap-0x10000, 0x1, 0x61) = 0
mremap(mmap-0x2000, 0x2000, 0x2000, MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_DONTUNMAP, mmap-0x20000) = mmap-0x20000
load(mmap-0x2000, 0x1) = 0x00
load(mmap-0x20000, 0x1) = 0x42
