# munmap in the middle of a sealed mapping is refused before it splits; at an end it is
# refused likewise.
requires: rule=mseal

mmap(NULL, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
mseal(mmap-0x3000, 0x3000, 0) = 0
munmap(mmap-0x2000, 0x1000) = -EPERM
munmap(mmap-0x1000, 0x1000) = -EPERM
