# What a child inherited with pages stays apart from an untouched neighbour, also when a
# change makes the two alike, whichever of the two changes. What it inherited untouched
# merges.
requires: rule=symmetric-anon-merge

mmap(mmap-0x4000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x4000
mprotect(mmap-0x4000, 0x1000, PROT_READ|PROT_WRITE) = 0
store(mmap-0x4000, 0x1, 0x01) = 0
mprotect(mmap-0x4000, 0x1000, PROT_READ) = 0
mmap(mmap-0x13000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x13000
fork() = p1
# the inherited mapping becomes like the new one
p1: mmap(mmap-0x3000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
p1: mprotect(mmap-0x4000, 0x1000, PROT_READ|PROT_WRITE) = 0
# the new one becomes like the inherited one
p1: mmap(mmap-0x5000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x5000
p1: mprotect(mmap-0x5000, 0x1000, PROT_READ|PROT_WRITE) = 0
# inherited untouched
p1: mmap(mmap-0x12000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x12000
p1: mprotect(mmap-0x13000, 0x1000, PROT_READ|PROT_WRITE) = 0
