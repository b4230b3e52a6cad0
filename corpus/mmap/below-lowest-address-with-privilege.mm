# With CAP_SYS_RAWIO memory may be mapped below vm.mmap_min_addr, page zero included, and moved there:
# it is memory like any other. Hints and searches keep out of it all the same; only a move takes a hint
# as it is, for it does not raise it (round_hint_to_min is do_mmap's).
requires: root mmap-min-addr=65536

mmap(NULL, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = NULL
store(NULL, 0x1800, 0x41) = 0
load(NULL, 0x8) = 0x41
mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED_NOREPLACE, -1, 0) = -EEXIST
mmap(0x4000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x10000
mremap(NULL, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, 0x8000) = 0x8000
load(0x8000, 0x1000) = 0x41
load(NULL, 0x8) = SIGSEGV/SEGV_MAPERR at NULL
mprotect(0x1000, 0x1000, PROT_READ) = 0
madvise(NULL, 0x2000, MADV_DONTNEED) = -ENOMEM
mremap(0x10000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_DONTUNMAP, 0x3000) = 0x3000
munmap(NULL, 0x10000) = 0
