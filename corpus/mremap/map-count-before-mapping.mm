# In 6.15 and 6.16 a move to a given place tests the number of mappings before it looks
# for the mapping, and before it tests whether both ranges overlap; only the alignment of
# the new address comes first (check_mremap_params). One mapping is the subject's own.
requires: rule=mremap-destination-first !rule=mremap-early-checks !rule=mremap-multi max-map-count=8

mmap(mmap-0x3000, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
mremap(mmap-0x10000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x8000) = -EFAULT
mremap(mmap-0x3000, 0x2000, 0x2000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x2000) = -EINVAL  # they overlap
mprotect(mmap-0x2000, 0x1000, PROT_READ) = 0
# more than eight could come of a move now
mremap(mmap-0x10000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x8000) = -ENOMEM
mremap(mmap-0x3000, 0x2000, 0x2000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x2000) = -ENOMEM
mremap(mmap-0x3000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x2800) = -EINVAL
mremap(mmap-0x3000, 0x1000, 0x2000, MREMAP_MAYMOVE, NULL) = mmap-0x5000
