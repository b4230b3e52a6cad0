# With swapin-forgets-lock (do_swap_page):
# a page that is read back from swap into locked memory is not locked itself (MLOCKED and
# UNEVICTABLE of kpageflags).
requires: swap root rule=swapin-forgets-lock

mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
store(mmap-0x1000, 0x1000, 0x41) = 0
madvise(mmap-0x1000, 0x1000, MADV_PAGEOUT) = 0
mlock(mmap-0x1000, 0x1000) = 0
