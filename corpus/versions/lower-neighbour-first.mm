# With lower-neighbour-first (mmap_region):
# a new mapping that fits two neighbours which do not fit each other joins the lower one, not the upper.
requires: rule=lower-neighbour-first

mmap(mmap-0x11ff000, 0x8000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x11ff000
mprotect(mmap-0x11fa000, 0x1000, PROT_READ) = 0
store(mmap-0x11fd000, 0x1000, 0x01) = 0
store(mmap-0x11f8000, 0x1000, 0x01) = 0
mmap(mmap-0x11fc000, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x11fc000
