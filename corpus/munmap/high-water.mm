# VmPeak and VmHWM are the most memory that was ever mapped and resident. They are noted
# before memory goes, and stay when less comes back.

mmap(NULL, 0x10000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x10000
store(mmap-0x10000, 0x8000, 0x01) = 0
munmap(mmap-0x10000, 0x10000) = 0
mmap(NULL, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
store(mmap-0x2000, 0x2000, 0x01) = 0
