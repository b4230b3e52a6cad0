# An ordinary user may lock RLIMIT_MEMLOCK bytes. What is locked already does not count
# again.
requires: user

setrlimit(RLIMIT_MEMLOCK, 0x2000, 0x800000) = 0
mmap(NULL, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x4000
mlock(mmap-0x4000, 0x3000) = -ENOMEM
mlock(mmap-0x4000, 0x2000) = 0
mlock(mmap-0x4000, 0x2000) = 0
mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_LOCKED, -1, 0) = -EAGAIN
mremap(mmap-0x4000, 0x1000, 0x2000, MREMAP_MAYMOVE, NULL) = -EAGAIN
