# Reading untouched memory maps the shared zero page: the page is in core for mincore
# but the process does not own it, and Rss stays. The first write gives a page of its
# own.

mmap(NULL, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
mincore(mmap-0x2000, 0x2000) = [0x2]
load(mmap-0x2000, 0x1000) = 0x00
mincore(mmap-0x2000, 0x2000) = [1x1 0x1]
store(mmap-0x2000, 0x1, 0x41) = 0
