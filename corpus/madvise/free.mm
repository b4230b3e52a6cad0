# MADV_FREE lets the kernel drop pages when it likes to. Until then they read as before,
# count as LazyFree, and a write takes them back.

mmap(NULL, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
store(mmap-0x2000, 0x2000, 0x41) = 0
madvise(mmap-0x2000, 0x2000, MADV_FREE) = 0
store(mmap-0x2000, 0x1, 0x42) = 0
load(mmap-0x2000, 0x1) = 0x42
