# RLIMIT_DATA bounds the heap in bytes, by itself, and with all other private writable
# memory in pages. A heap that shrinks is bounded too: it must fit.

setrlimit(RLIMIT_DATA, 0x2800, RLIM_INFINITY) = 0
brk(heap+0x2801) = heap
brk(heap+0x1800) = heap+0x1800
brk(heap+0x2000) = heap+0x2000
brk(heap+0x2800) = heap+0x2000
setrlimit(RLIMIT_DATA, 0x3000, RLIM_INFINITY) = 0
brk(heap+0x2fff) = heap+0x2fff
brk(heap+0x3001) = heap+0x2fff
setrlimit(RLIMIT_DATA, 0x1000, RLIM_INFINITY) = 0
brk(heap+0x1800) = heap+0x2fff
brk(heap+0x1000) = heap+0x1000
setrlimit(RLIMIT_DATA, RLIM_INFINITY, RLIM_INFINITY) = 0
mmap(NULL, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
setrlimit(RLIMIT_DATA, 0x3000, RLIM_INFINITY) = 0
brk(heap+0x2000) = heap+0x1000
