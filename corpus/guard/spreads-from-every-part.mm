# The flag of guard regions (gu) does not keep mappings from merging, and the result
# has it whichever part brought it: what is swallowed above, what grows, what changes.
requires: rule=guard-regions rule=maybe-guard

# from the mapping above, when a new one closes the gap
mmap(mmap-0x3000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
mmap(mmap-0x1000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
madvise(mmap-0x1000, 0x1000, MADV_GUARD_INSTALL) = 0
mmap(mmap-0x2000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
# from the part that changes, into the mapping below
mmap(mmap-0x12000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x12000
mprotect(mmap-0x11000, 0x1000, PROT_READ) = 0
madvise(mmap-0x11000, 0x1000, MADV_GUARD_INSTALL) = 0
mprotect(mmap-0x11000, 0x1000, PROT_READ|PROT_WRITE) = 0
# from the part that changes, into the mapping above
mmap(mmap-0x22000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x22000
mprotect(mmap-0x22000, 0x1000, PROT_READ) = 0
madvise(mmap-0x22000, 0x1000, MADV_GUARD_INSTALL) = 0
mprotect(mmap-0x22000, 0x1000, PROT_READ|PROT_WRITE) = 0
# from the mapping above, into which an unflagged part merges
mmap(mmap-0x32000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x32000
mprotect(mmap-0x32000, 0x1000, PROT_READ) = 0
madvise(mmap-0x31000, 0x1000, MADV_GUARD_INSTALL) = 0
mprotect(mmap-0x32000, 0x1000, PROT_READ|PROT_WRITE) = 0
# from the mapping above, when a change in the middle joins three
mmap(mmap-0x43000, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x43000
mprotect(mmap-0x42000, 0x1000, PROT_READ) = 0
madvise(mmap-0x41000, 0x1000, MADV_GUARD_INSTALL) = 0
mprotect(mmap-0x42000, 0x1000, PROT_READ|PROT_WRITE) = 0
