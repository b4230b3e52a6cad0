# With vm.overcommit_memory 2 all charges together stay below the commit limit, here 1 GiB and
# swap (__vm_enough_memory); MAP_NORESERVE is ignored. What is not charged has no limit: memory
# that is read-only. The heap and a change to writable memory are charged, and a move that
# leaves its source is, once more.
requires: root overcommit=2 overcommit-kbytes=1048576

mmap(NULL, 0x80000000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = -ENOMEM
mmap(mmap-0x80000000, 0x80000000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x80000000
mprotect(mmap-0x80000000, 0x80000000, PROT_READ|PROT_WRITE) = -ENOMEM
mprotect(mmap-0x10000000, 0x10000000, PROT_READ|PROT_WRITE) = 0
brk(heap+0x80000000) = heap
brk(heap+0x10000) = heap+0x10000
mremap(mmap-0x10000000, 0x10000000, 0x10000000, MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_DONTUNMAP, mmap-0xa0000000) = mmap-0xa0000000
mmap(NULL, 0x30000000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -ENOMEM
munmap(mmap-0x10000000, 0x10000000) = 0
