# With swapin-by-cache (swapin_sync):
# a page that is read back from swap has been in the swap cache: it is dirty, and
# exclusive only if it was.
requires: swap rule=swapin-by-cache

mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
store(mmap-0x1000, 0x1000, 0x41) = 0
madvise(mmap-0x1000, 0x1000, MADV_PAGEOUT) = 0
load(mmap-0x1000, 0x1) = 0x41
