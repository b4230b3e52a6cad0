# With mremap-early-checks (check_mremap_params):
# mremap tests its arguments before it looks for the mapping.
requires: rule=mremap-early-checks

mremap(mmap-0x11ff000, 0x1000, 0x200000000000000, 0, NULL) = -EINVAL
