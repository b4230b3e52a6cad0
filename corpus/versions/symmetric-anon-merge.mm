# With symmetric-anon-merge (is_mergeable_anon_vma):
# a faulted mapping merges with an unfaulted neighbour on either side.
requires: rule=symmetric-anon-merge

mmap(mmap-0x11ff000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x11ff000
mremap(mmap-0x11ff000, 0x1000, 0x2000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x11fe000) = mmap-0x11fe000
mmap(mmap-0x11ff000, 0x2000, PROT_READ|PROT_WRITE|PROT_EXEC, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x11ff000
store(mmap-0x11fe000, 0x1, 0xc3) = 0
mprotect(mmap-0x11ff000, 0x2000, PROT_READ|PROT_WRITE) = 0
