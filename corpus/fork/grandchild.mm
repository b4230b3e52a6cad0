# A child can fork too; all three share the page until one of them writes.

mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
store(mmap-0x1000, 0x1, 0x41)
fork()
p1: fork()
p1: store(mmap-0x1000, 0x1, 0x42)
p2: load(mmap-0x1000, 0x1)
p1: exit()
p2: store(mmap-0x1000, 0x1, 0x43)
load(mmap-0x1000, 0x1)
