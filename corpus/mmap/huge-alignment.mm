# A mapping without a hint whose length is a whole number of 2 MiB is placed at a
# multiple of 2 MiB, so that huge pages fit; any other length is not. Kernels before
# 6.13 did this for every length of at least 2 MiB or not at all.
requires: rule=thp-align-multiple

mmap(NULL, 0x200000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x3ff000
mmap(NULL, 0x201000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x600000
mmap(mmap-0x10001000, 0x200000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x10001000  # a hint is not aligned
