# With pageout-keeps-young (madvise_cold_or_pageout_pte_range):
# MADV_PAGEOUT leaves the accessed bits of pages that stay.
requires: !swap rule=pageout-keeps-young

mmap(heap+0x10000000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_POPULATE, -1, 0) = heap+0x10000000
madvise(heap+0x10000000, 0x1000, MADV_PAGEOUT) = 0
