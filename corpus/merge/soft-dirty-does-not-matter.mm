# The flag of soft-dirty tracking (sd) is in no mapping where the kernel does not track;
# all else merges as it does with it.
requires: !soft-dirty

mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
store(mmap-0x2000, 0x2000, 0x01) = 0
mprotect(mmap-0x1000, 0x1000, PROT_READ) = 0
mprotect(mmap-0x1000, 0x1000, PROT_READ|PROT_WRITE) = 0
brk(heap+0x1000) = heap+0x1000
brk(heap+0x2000) = heap+0x2000
