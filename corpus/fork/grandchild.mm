# A child can fork too; all three share the page until one of them writes.

mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
store(mmap-0x1000, 0x1, 0x41) = 0
fork() = p1
p1: fork() = p2
p1: store(mmap-0x1000, 0x1, 0x42) = 0
p2: load(mmap-0x1000, 0x1) = 0x41
p1: exit() = exited
p2: store(mmap-0x1000, 0x1, 0x43) = 0
load(mmap-0x1000, 0x1) = 0x41
