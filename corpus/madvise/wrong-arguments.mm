# Unknown advice, an unaligned start and a range that wraps around are refused. An empty
# range is fine, even where nothing is mapped.

madvise(0x1000, 0x1000, 77) = -EINVAL
madvise(0x1001, 0x1000, MADV_DONTNEED) = -EINVAL
madvise(0x1000, 0xffffffffffffffff, MADV_DONTNEED) = -EINVAL
madvise(0x1000, 0, MADV_DONTNEED) = 0
madvise(0x10000000, 0x1000, MADV_DONTNEED) = -ENOMEM
madvise(0x10000000, 0x1000, MADV_REMOVE) = -ENOMEM
