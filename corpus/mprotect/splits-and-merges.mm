# A change in the middle splits into three; changing it back makes one mapping again.

mmap(NULL, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
mprotect(mmap-0x2000, 0x1000, PROT_READ)
store(mmap-0x2000, 0x1, 0x1)
mprotect(mmap-0x2000, 0x1000, PROT_READ|PROT_WRITE)
store(mmap-0x2000, 0x1, 0x1)
