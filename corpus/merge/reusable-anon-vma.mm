# A first touch borrows the anon_vma of a neighbour that differs in protection only, so
# that the two can merge later.

mmap(mmap-0x2000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
store(mmap-0x2000, 0x1, 0x01) = 0
mmap(mmap-0x1000, 0x1000, PROT_READ|PROT_WRITE|PROT_EXEC, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
store(mmap-0x1000, 0x1, 0x01) = 0
mprotect(mmap-0x1000, 0x1000, PROT_READ|PROT_WRITE) = 0
