# With thp-align (__get_unmapped_area):
# mappings of 2 MiB and more are aligned to it where the kernel chooses the address.
requires: rule=thp-align

mmap(NULL, 0x200000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x3ff000
