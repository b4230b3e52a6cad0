# When the other process is gone, a write keeps the page: there is nobody left to copy
# it for.

mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
store(mmap-0x1000, 0x1000, 0x41) = 0
fork() = p1
p1: exit() = exited
store(mmap-0x1000, 0x1, 0x42) = 0
load(mmap-0x1000, 0x1000) = #b654cb726150a99f
