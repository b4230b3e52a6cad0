# MAP_GROWSDOWN makes a stack of any mapping; neighbours without a hint stay 1 MiB away
# from it.

mmap(NULL, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_GROWSDOWN, -1, 0) = mmap-0x2000
store(mmap-0x3000, 0x1, 0x01) = 0
mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x104000
mmap(mmap-0x5000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x105000  # a hint within the gap is not taken
