# An error, unlike a hole, ends the walk: what came before it has been done.

mmap(mmap-0x5000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x5000
store(mmap-0x5000, 0x1, 0x41) = 0
mmap(mmap-0x4000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_LOCKED, -1, 0) = mmap-0x4000
mmap(mmap-0x3000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
store(mmap-0x3000, 0x1, 0x43) = 0
madvise(mmap-0x5000, 0x3000, MADV_DONTNEED) = -EINVAL
load(mmap-0x5000, 0x1) = 0x00
load(mmap-0x3000, 0x1) = 0x43
