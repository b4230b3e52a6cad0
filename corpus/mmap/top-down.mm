# Without a hint the kernel places mappings from the top of the mapping area downwards,
# each in the highest gap that fits; equal neighbours become one mapping.

mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
mmap(NULL, 0x2000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x4000
munmap(mmap-0x3000, 0x2000) = 0
mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x2000  # at the top of the hole
