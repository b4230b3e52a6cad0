# Until 6.16 limits are tested when the destination is gone already.
requires: !rule=mremap-early-checks !rule=mremap-multi

mmap(mmap-0x8000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x8000
mmap(mmap-0x20000, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x20000
setrlimit(RLIMIT_DATA, 0x5000, RLIM_INFINITY) = 0
mremap(mmap-0x8000, 0x1000, 0x7000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x20000) = -ENOMEM
load(mmap-0x20000, 0x1) = SIGSEGV/SEGV_MAPERR at mmap-0x20000
mremap(mmap-0x8000, 0x1000, 0x5000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x20000) = mmap-0x20000  # now there is room
