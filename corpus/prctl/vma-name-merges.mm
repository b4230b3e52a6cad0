# A name is an attribute like any other: new memory has none and stays apart from named
# memory, the same name makes one mapping of two, and so does no name. A named piece of
# heap is not extended.
requires: anon-vma-name

mmap(mmap-0x4000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x4000
set_vma_name(mmap-0x4000, 0x1000, "pool") = 0
mmap(mmap-0x3000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
mmap(mmap-0x5000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x5000
set_vma_name(mmap-0x3000, 0x1000, "pool") = 0
set_vma_name(mmap-0x5000, 0x1000, "lake") = 0
set_vma_name(mmap-0x4000, 0x1000, NULL) = 0
set_vma_name(mmap-0x5000, 0x1000, NULL) = 0
# the last of three names joins three mappings
mmap(mmap-0x13000, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x13000
set_vma_name(mmap-0x13000, 0x3000, "pool") = 0
set_vma_name(mmap-0x13000, 0x1000, NULL) = 0
set_vma_name(mmap-0x11000, 0x1000, NULL) = 0
set_vma_name(mmap-0x12000, 0x1000, NULL) = 0
# heap
brk(heap+0x1000) = heap+0x1000
set_vma_name(heap, 0x1000, "heap") = 0
brk(heap+0x2000) = heap+0x2000
