# MADV_DONTFORK memory is not there in the child.

mmap(mmap-0x3000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
mmap(mmap-0x1000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
madvise(mmap-0x3000, 0x1000, MADV_DONTFORK)
fork()
p1: load(mmap-0x3000, 0x1)
p1: load(mmap-0x1000, 0x1)
madvise(mmap-0x3000, 0x1000, MADV_DOFORK)
fork()
p2: load(mmap-0x3000, 0x1)
