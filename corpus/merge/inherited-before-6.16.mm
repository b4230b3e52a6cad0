# Also until 6.15 what a child inherited with pages takes in no new neighbour, since its
# chain leads to the parent; its own parts merge, because they have the same anon_vma.
requires: version<6.16

mmap(mmap-0x4000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x4000
store(mmap-0x4000, 0x2000, 0x01) = 0
fork() = p1
p1: mmap(mmap-0x2000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
p1: mmap(mmap-0x5000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x5000
p1: mprotect(mmap-0x4000, 0x1000, PROT_READ) = 0
p1: mprotect(mmap-0x4000, 0x1000, PROT_READ|PROT_WRITE) = 0
# inherited memory becomes like a new mapping: they stay apart
p1: mprotect(mmap-0x3000, 0x1000, PROT_READ) = 0
p1: mmap(mmap-0x2000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
# the parent's chain is its own
mmap(mmap-0x2000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
