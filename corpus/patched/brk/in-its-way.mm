# Nothing that is mapped is ever replaced by new heap: a page must stay free before what lies
# above, or the break stays where it is. So the range that new heap fills is always free, and
# the unmapping that was there before the series did nothing for brk.

brk(heap+0x2000) = heap+0x2000
mmap(heap+0x6000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = heap+0x6000
store(heap+0x6000, 0x1, 0x41) = 0
brk(heap+0x8000) = heap+0x2000
brk(heap+0x6000) = heap+0x2000
brk(NULL) = heap+0x2000
brk(heap+0x5000) = heap+0x5000
load(heap+0x6000, 0x1) = 0x41
