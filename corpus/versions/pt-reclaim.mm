# With pt-reclaim (try_to_free_pte):
# MADV_DONTNEED over whole page tables frees them.
requires: pt-reclaim

mmap(stack-0x21000, 0x21000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_GROWSDOWN, -1, 0) = stack-0x21000
mremap(stack-0x21000, 0x1000, 0x2000, MREMAP_MAYMOVE, NULL) = mmap-0x2000
mremap(mmap-0x1000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_DONTUNMAP, mmap-0xfff000) = mmap-0xfff000
store(mmap-0x11ff000, 0x1, 0x01) = 0
madvise(mmap-0x11ff000, 0x200000, MADV_DONTNEED_LOCKED) = 0
