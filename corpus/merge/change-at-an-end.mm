# A change at an end of a mapping moves the border to a neighbour that already has the new
# attributes; the rest of the mapping stays as it was.

# the last page joins the mapping above
mmap(mmap-0x4000, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x4000
mmap(mmap-0x1000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
mprotect(mmap-0x2000, 0x1000, PROT_READ) = 0
# the first page joins the mapping below
mmap(mmap-0x14000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x14000
mmap(mmap-0x13000, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x13000
mprotect(mmap-0x13000, 0x1000, PROT_READ) = 0
# a piece in the middle joins nothing
mmap(mmap-0x23000, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x23000
mprotect(mmap-0x22000, 0x1000, PROT_READ) = 0
