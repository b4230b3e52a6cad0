# Page tables are copied only for memory with pages of its own. Memory that was merely
# read is empty in the child, which saves the tables.

mmap(mmap-0x40000000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x40000000
load(mmap-0x40000000, 0x2000) = 0x00
fork() = p1
p1: mincore(mmap-0x40000000, 0x2000) = [0x2]
store(mmap-0x40000000, 0x1, 0x01) = 0
fork() = p2
p2: mincore(mmap-0x40000000, 0x2000) = [1x2]
