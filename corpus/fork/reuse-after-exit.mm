# When the other process is gone, a write keeps the page: there is nobody left to copy
# it for.

mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
store(mmap-0x1000, 0x1000, 0x41)
fork()
p1: exit()
store(mmap-0x1000, 0x1, 0x42)
load(mmap-0x1000, 0x1000)
