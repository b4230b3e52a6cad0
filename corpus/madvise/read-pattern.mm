# MADV_RANDOM and MADV_SEQUENTIAL set flags that exclude each other, split mappings, and
# merge again with MADV_NORMAL.

mmap(NULL, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
madvise(mmap-0x2000, 0x1000, MADV_SEQUENTIAL) = 0
madvise(mmap-0x2000, 0x1000, MADV_RANDOM) = 0
madvise(mmap-0x2000, 0x1000, MADV_NORMAL) = 0
