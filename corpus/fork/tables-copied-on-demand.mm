# Page tables are copied only for memory with pages of its own. Memory that was merely
# read is empty in the child, which saves the tables.

mmap(mmap-0x40000000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
load(mmap-0x40000000, 0x2000)
fork()
p1: mincore(mmap-0x40000000, 0x2000)
store(mmap-0x40000000, 0x1, 0x1)
fork()
p2: mincore(mmap-0x40000000, 0x2000)
