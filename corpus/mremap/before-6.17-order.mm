# Until 6.14 the mapping is looked for before the destination is: what is wrong with the new
# address only counts where something is mapped at the old one.
requires: !rule=mremap-early-checks !rule=mremap-destination-first !rule=mremap-multi

mremap(0x10000000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, 0x1) = -EFAULT  # nothing is mapped there
mremap(0x10000000, 0x1000, 0x1000, MREMAP_FIXED, mmap-0x8000) = -EINVAL
mremap(0x10000000, 0x1000, 0, 0, NULL) = -EINVAL
mmap(mmap-0x8000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x8000
mremap(mmap-0x8000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x20001) = -EINVAL
mremap(mmap-0x8000, 0x2000, 0x2000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x7000) = -EINVAL  # old and new overlap
