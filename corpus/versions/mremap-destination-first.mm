# With mremap-destination-first (check_mremap_params):
# with a given destination, mremap tests whether it is page-aligned, and the number of mappings,
# before it looks for the mapping.
requires: rule=mremap-destination-first !rule=mremap-early-checks !rule=mremap-multi

mremap(mmap-0x11fd000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x11fe800) = -EINVAL
