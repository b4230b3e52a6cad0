# A mapping that a child inherited with pages does not take in new neighbours, because
# its anon_vma chain leads to the parent. The parent goes on merging, and so does memory
# that was inherited untouched.
requires: rule=symmetric-anon-merge

mmap(mmap-0x9000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x9000
mmap(mmap-0x2000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
store(mmap-0x2000, 0x1, 0x01) = 0
fork() = p1
p1: mmap(mmap-0x1000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
p1: mmap(mmap-0x8000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x8000
mmap(mmap-0x1000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
