# With swapin-writable (do_swap_page):
# a page that only this process has may be written once it is read back from swap, even
# by a read; so populating it finds a clean entry and marks the page itself as dirty
# (DIRTY of kpageflags).
requires: swap root rule=swapin-writable !rule=swapin-by-cache

mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
store(mmap-0x1000, 0x1000, 0x41) = 0
madvise(mmap-0x1000, 0x1000, MADV_PAGEOUT) = 0
load(mmap-0x1000, 0x1) = 0x41
mlockall(MCL_CURRENT) = 0
