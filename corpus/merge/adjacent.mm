# Adjacent mappings of equal kind are one mapping, in whichever order they are made; the
# last one made here joins both sides.

mmap(mmap-0x3000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
mmap(mmap-0x1000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
mmap(mmap-0x2000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
