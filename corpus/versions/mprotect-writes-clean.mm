# With mprotect-writes-clean (can_change_pte_writable):
# memory that becomes writable again needs no fault for private pages that are clean, so
# populating it finds a clean entry and marks the page itself as dirty.
requires: rule=mprotect-writes-clean

mmap(mmap-0x11ff000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x11ff000
store(mmap-0x11ff000, 0x1, 0xc3) = 0
mprotect(mmap-0x11ff000, 0x1000, PROT_READ) = 0
madvise(mmap-0x11ff000, 0x1000, MADV_FREE) = 0
mprotect(mmap-0x11ff000, 0x1000, PROT_READ|PROT_WRITE) = 0
mlockall(MCL_CURRENT) = 0
