# vm.max_map_count bounds what splits a mapping: split_vma fails with as many mappings,
# and so does munmap in the middle of one. A new mapping, or heap, may be one more
# (do_mmap, do_brk_flags). One of the mappings is the subject's own.
requires: max-map-count=4

mmap(NULL, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
mprotect(mmap-0x2000, 0x1000, PROT_READ) = 0
# there are four now, and one more is granted
mmap(mmap-0x20000, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x20000
mprotect(mmap-0x20000, 0x1000, PROT_READ) = -ENOMEM
madvise(mmap-0x20000, 0x1000, MADV_DONTDUMP) = -EAGAIN  # madvise has another error for it
munmap(mmap-0x1f000, 0x1000) = -ENOMEM
# removal at an end needs no mapping
munmap(mmap-0x20000, 0x1000) = 0
munmap(mmap-0x1d000, 0x1000) = 0
mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -ENOMEM
brk(heap+0x1000) = heap
# neither does a change that merges; it leaves three
mprotect(mmap-0x2000, 0x1000, PROT_READ|PROT_WRITE) = 0
brk(heap+0x1000) = heap+0x1000
brk(heap+0x2000) = heap+0x2000
