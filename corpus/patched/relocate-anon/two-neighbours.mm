# Between two touched mappings the moved memory joins the lower one: both have an
# anon_vma, and they are not the same.
requires: rule=relocate-anon

mmap(mmap-0x2000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
store(mmap-0x2000, 0x1000, 0x01) = 0
mmap(mmap-0x10000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x10000
store(mmap-0x10000, 0x1000, 0x02) = 0
mmap(mmap-0xe000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0xe000
store(mmap-0xe000, 0x1000, 0x03) = 0
mremap(mmap-0x2000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_RELOCATE_ANON, mmap-0xf000) = mmap-0xf000
