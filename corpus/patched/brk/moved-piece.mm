# What was used elsewhere and moved to the end of the heap keeps its page offset: new heap
# does not extend it, or its pages would get an index that continues the wrong place.

brk(heap+0x3000) = heap+0x3000
mmap(mmap-0x8000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x8000
store(mmap-0x8000, 0x1, 0x41) = 0
mremap(mmap-0x8000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, heap+0x2000) = heap+0x2000
brk(heap+0x5000) = heap+0x5000
store(heap+0x3000, 0x1, 0x42) = 0
load(heap+0x2000, 0x2000) = #64f6ea078826429a
