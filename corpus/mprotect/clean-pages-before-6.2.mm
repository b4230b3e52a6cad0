# Before 6.2 a clean page stays write-protected when its memory becomes writable again:
# populating it writes, which makes the entry dirty, and not the page.
requires: !rule=mprotect-writes-clean

mmap(mmap-0x11ff000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x11ff000
store(mmap-0x11ff000, 0x1, 0xc3) = 0
mprotect(mmap-0x11ff000, 0x1000, PROT_READ) = 0
madvise(mmap-0x11ff000, 0x1000, MADV_FREE) = 0
mprotect(mmap-0x11ff000, 0x1000, PROT_READ|PROT_WRITE) = 0
mlockall(MCL_CURRENT) = 0
