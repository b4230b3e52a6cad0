# Touched memory of one mapping belongs to one anon_vma, so a change in its middle that is
# undone leaves one mapping again. Pieces that were touched as mappings of their own do
# not all join: a change in the middle then merges with the mapping below alone.

# one anon_vma
mmap(mmap-0x3000, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
store(mmap-0x3000, 0x3000, 0x01) = 0
mprotect(mmap-0x2000, 0x1000, PROT_READ) = 0
mprotect(mmap-0x2000, 0x1000, PROT_READ|PROT_WRITE) = 0
# two of them, with untouched memory between
mmap(mmap-0x13000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x13000
mmap(mmap-0x11000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x11000
store(mmap-0x13000, 0x1, 0x01) = 0
store(mmap-0x11000, 0x1, 0x01) = 0
mmap(mmap-0x12000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x12000
mprotect(mmap-0x12000, 0x1000, PROT_READ|PROT_WRITE) = 0
