# A known difference (mmdiff known). Sealing a range around a part that is sealed already
# makes one mapping of it; Linux 6.17 to 6.19, but for later updates, leaves what is
# behind that part by itself.
requires: rule=mseal

mmap(mmap-0x3000, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
mseal(mmap-0x2000, 0x1000, 0) = 0
mseal(mmap-0x3000, 0x3000, 0) = 0
