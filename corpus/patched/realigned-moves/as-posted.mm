# The posted patch on a kernel without realigned moves: what it does to mremap is what
# was merged (takes-the-table.mm).
requires: !rule=mremap-realign rule=realign-v4

mmap(mmap-0x1ffc000, 0x1fe000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x1ffc000
store(mmap-0x1ffc000, 0x1, 0x41) = 0
store(mmap-0x1dff000, 0x1, 0x42) = 0
mremap(mmap-0x1ffc000, 0x1fe000, 0x1fe000, MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_DONTUNMAP, mmap-0x17fc000) = mmap-0x17fc000
load(mmap-0x17fc000, 0x1) = 0x41
load(mmap-0x15ff000, 0x1) = 0x42
