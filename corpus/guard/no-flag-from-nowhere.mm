# Merging adds the flag of guard regions (gu) only where a part had it: none of these
# mappings ends up with it.
requires: rule=maybe-guard

# a new mapping above, one below, and one that closes a gap
mmap(mmap-0x5000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x5000
mmap(mmap-0x4000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x4000
mmap(mmap-0x6000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x6000
mmap(mmap-0x2000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
mmap(mmap-0x3000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
# a change is undone: at the lower end, at the upper end, in the middle
mmap(mmap-0x13000, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x13000
mprotect(mmap-0x13000, 0x1000, PROT_READ) = 0
mprotect(mmap-0x13000, 0x1000, PROT_READ|PROT_WRITE) = 0
mprotect(mmap-0x11000, 0x1000, PROT_READ) = 0
mprotect(mmap-0x11000, 0x1000, PROT_READ|PROT_WRITE) = 0
mprotect(mmap-0x12000, 0x1000, PROT_READ) = 0
mprotect(mmap-0x12000, 0x1000, PROT_READ|PROT_WRITE) = 0
