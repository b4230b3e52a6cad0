# Until 6.16 a fixed destination is cleared before most tests: the move fails, and what was
# there is gone all the same.
requires: !rule=mremap-early-checks !rule=mremap-multi

mmap(mmap-0x8000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x8000
mmap(mmap-0x20000, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x20000
store(mmap-0x20000, 0x1, 0x41) = 0
mremap(mmap-0x8000, 0x2000, 0x2000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x20000) = -EFAULT  # the old range leaves its mapping
load(mmap-0x20000, 0x1) = SIGSEGV/SEGV_MAPERR at mmap-0x20000
load(mmap-0x1e000, 0x1) = 0x00
mremap(mmap-0x8000, 0, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x1e000) = -EINVAL  # private memory cannot be duplicated
load(mmap-0x1e000, 0x1) = SIGSEGV/SEGV_MAPERR at mmap-0x1e000
