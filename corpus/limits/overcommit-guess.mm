# With vm.overcommit_memory 0 a single request for more than RAM and swap is refused, and
# all else granted (__vm_enough_memory). What is not charged is not refused: memory that
# is read-only or not reserved. A mapping in place of others is charged for the
# difference.
requires: overcommit=0 total-pages=64 rule=mmap-gathers-first

mmap(NULL, 0x41000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -ENOMEM
mmap(NULL, 0x41000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x41000
mprotect(mmap-0x41000, 0x41000, PROT_READ|PROT_WRITE) = -ENOMEM
mprotect(mmap-0x41000, 0x40000, PROT_READ|PROT_WRITE) = 0
mmap(NULL, 0x41000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = mmap-0x82000
# in place of two pages
mmap(mmap-0x100000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x100000
mmap(mmap-0x100000, 0x43000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = -ENOMEM
mmap(mmap-0x100000, 0x42000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x100000
# in place of as many
mmap(mmap-0x100000, 0x42000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x100000
# heap
brk(heap+0x41000) = heap
brk(heap+0x40000) = heap+0x40000
brk(heap+0x80000) = heap+0x80000
