# MADV_WIPEONFORK memory is there in the child, and empty.

mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
store(mmap-0x1000, 0x1000, 0x41) = 0
madvise(mmap-0x1000, 0x1000, MADV_WIPEONFORK) = 0
fork() = p1
p1: load(mmap-0x1000, 0x1000) = 0x00
load(mmap-0x1000, 0x1000) = 0x41
