# MAP_FIXED takes the place of whatever is there, without asking, and the contents are
# gone.

mmap(mmap-0x4000, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
store(mmap-0x4000, 0x3000, 0x41)
mmap(mmap-0x3000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
load(mmap-0x4000, 1)
load(mmap-0x3000, 1)
load(mmap-0x2000, 1)
