# munmap of a range that ends in a sealed mapping fails, but has split the first mapping
# already: the split stays.
requires: rule=seal-per-mapping rule=mseal

mmap(mmap-0x4000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x4000
mmap(mmap-0x2000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
mseal(mmap-0x2000, 0x1000, 0) = 0
munmap(mmap-0x3000, 0x2000) = -EPERM
load(mmap-0x3000, 0x1) = 0x00
