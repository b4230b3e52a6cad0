# Until 6.15 is_mergeable_anon_vma asked only the neighbour for a chain of one anon_vma,
# and not what is added to it: new memory joins a touched neighbour, but touched memory
# does not join an untouched one.
requires: version<6.16

# new memory between two touched apart: the one below takes it
mmap(mmap-0x3000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
mmap(mmap-0x1000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
store(mmap-0x3000, 0x1, 0x01) = 0
store(mmap-0x1000, 0x1, 0x01) = 0
mmap(mmap-0x2000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
# new memory below touched memory, then untouched memory below untouched
mmap(mmap-0x13000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x13000
store(mmap-0x13000, 0x1, 0x01) = 0
mmap(mmap-0x12000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x12000
mmap(mmap-0x23000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x23000
mmap(mmap-0x22000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x22000
# touched memory becomes like the untouched mapping above: two mappings remain
mmap(mmap-0x33000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x33000
store(mmap-0x33000, 0x1, 0x01) = 0
mprotect(mmap-0x33000, 0x1000, PROT_READ) = 0
mmap(mmap-0x32000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x32000
mprotect(mmap-0x33000, 0x1000, PROT_READ|PROT_WRITE) = 0
# untouched memory becomes like the touched mapping below: one mapping
mmap(mmap-0x43000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x43000
mmap(mmap-0x42000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x42000
store(mmap-0x43000, 0x1, 0x01) = 0
mprotect(mmap-0x42000, 0x1000, PROT_READ|PROT_WRITE) = 0
# a part of touched memory is like the rest of it: one anon_vma
mmap(mmap-0x53000, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x53000
store(mmap-0x53000, 0x3000, 0x01) = 0
mprotect(mmap-0x52000, 0x1000, PROT_READ) = 0
mprotect(mmap-0x52000, 0x1000, PROT_READ|PROT_WRITE) = 0
