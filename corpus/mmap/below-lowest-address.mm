# Below vm.mmap_min_addr nothing may be mapped without CAP_SYS_RAWIO (cap_mmap_addr). Where the range
# begins is what counts, and whether it is page-aligned is tested before. A move there has no
# better luck. Other calls know no such limit: nothing is mapped there, that is all.
requires: user mmap-min-addr=65536

mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = -EPERM
mmap(0x800, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = -EINVAL
mmap(NULL, 0x20000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = -EPERM
mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED_NOREPLACE, -1, 0) = -EPERM
mmap(0x10000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x10000
store(0x10000, 0x1000, 0x41) = 0
mremap(0x10000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, NULL) = -EPERM
mremap(0x10000, 0x1000, 0x2000, MREMAP_MAYMOVE|MREMAP_FIXED, NULL) = -EPERM
mprotect(NULL, 0x1000, PROT_READ) = -ENOMEM
madvise(NULL, 0x11000, MADV_DONTNEED) = -ENOMEM
load(0x10000, 0x1000) = 0x00
load(NULL, 0x8) = SIGSEGV/SEGV_MAPERR at NULL
munmap(NULL, 0x11000) = 0
