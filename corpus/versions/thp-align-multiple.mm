# With thp-align-multiple (__get_unmapped_area):
# of the anonymous mappings only those without a hint whose length is a multiple of 2 MiB are aligned to it.
requires: rule=thp-align-multiple

mmap(NULL, 0x201000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x201000
