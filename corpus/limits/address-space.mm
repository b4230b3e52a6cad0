# RLIMIT_AS bounds VmSize, for mmap and brk alike. While a process is above its limit,
# it may not even replace a mapping by one of the same size.

setrlimit(RLIMIT_AS, 0x100000, RLIM_INFINITY) = 0
mmap(NULL, 0x100000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -ENOMEM
brk(heap+0x100000) = heap
mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
setrlimit(RLIMIT_AS, 0x1000, RLIM_INFINITY) = 0
mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -ENOMEM
mmap(mmap-0x1000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = -ENOMEM
