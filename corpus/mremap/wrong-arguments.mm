# The arguments are tested before the mapping is looked for.
requires: rule=mremap-early-checks

mremap(0x1000, 0x1000, 0x1000, 0x10, NULL) = -EINVAL
mremap(0x1001, 0x1000, 0x1000, 0, NULL) = -EINVAL
mremap(0x1000, 0x1000, 0, 0, NULL) = -EINVAL
mremap(0x1000, 0x1000, 0x1000, MREMAP_FIXED, mmap-0x8000) = -EINVAL
mremap(0x1000, 0x1000, 0x2000, MREMAP_MAYMOVE|MREMAP_DONTUNMAP, NULL) = -EINVAL
mremap(mmap-0x2000, 0x2000, 0x2000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x1000) = -EINVAL  # source and destination overlap
mremap(0x10000000, 0x1000, 0x1000, 0, NULL) = -EFAULT  # nothing there
