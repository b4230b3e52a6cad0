# Unknown advice, an unaligned start and a range that wraps around are refused. An empty
# range is fine, even where nothing is mapped.

madvise(0x1000, 0x1000, 77)
madvise(0x1001, 0x1000, MADV_DONTNEED)
madvise(0x1000, 0xffffffffffffffff, MADV_DONTNEED)
madvise(0x1000, 0, MADV_DONTNEED)
madvise(0x10000000, 0x1000, MADV_DONTNEED)
madvise(0x10000000, 0x1000, MADV_REMOVE)
