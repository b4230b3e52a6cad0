# The offset must be a multiple of the page size. In pages it is far too small to wrap
# with the length, and memory without a file does not use it.
requires: rule=thp-align

mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0x800) = -EINVAL
mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0x7000) = mmap-0x1000
mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0xfffffffffffff000) = mmap-0x2000
mmap(NULL, 0x1000000000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0xffffffffff000) = 0x7feff7e00000
