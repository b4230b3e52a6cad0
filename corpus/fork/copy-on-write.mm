# After a fork both processes read the same page; the first write makes a copy, whoever
# writes.

mmap(NULL, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
store(mmap-0x2000, 0x2000, 0x41) = 0
fork() = p1
p1: load(mmap-0x2000, 0x1) = 0x41
p1: store(mmap-0x2000, 0x1000, 0x50) = 0
load(mmap-0x2000, 0x1) = 0x41
store(mmap-0x1000, 0x1000, 0x60) = 0
p1: load(mmap-0x1000, 0x1) = 0x42
