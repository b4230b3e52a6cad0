# MAP_FIXED takes the place of whatever is there, without asking, and the contents are
# gone.

mmap(mmap-0x4000, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x4000
store(mmap-0x4000, 0x3000, 0x41) = 0
mmap(mmap-0x3000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
load(mmap-0x4000, 0x1) = 0x41
load(mmap-0x3000, 0x1) = 0x00
load(mmap-0x2000, 0x1) = 0x43
