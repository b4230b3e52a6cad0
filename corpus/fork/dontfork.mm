# MADV_DONTFORK memory is not there in the child.

mmap(mmap-0x3000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
mmap(mmap-0x1000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
madvise(mmap-0x3000, 0x1000, MADV_DONTFORK) = 0
fork() = p1
p1: load(mmap-0x3000, 0x1) = SIGSEGV/SEGV_MAPERR at mmap-0x3000
p1: load(mmap-0x1000, 0x1) = 0x00
madvise(mmap-0x3000, 0x1000, MADV_DOFORK) = 0
fork() = p2
p2: load(mmap-0x3000, 0x1) = 0x00
