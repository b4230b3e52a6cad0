# A move of several mappings may not start in a hole.
requires: rule=mremap-multi

mmap(mmap-0x7000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x7000
mremap(mmap-0x8000, 0x2000, 0x2000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x20000) = -EFAULT
load(mmap-0x7000, 0x1) = 0x00
