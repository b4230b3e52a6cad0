# Source and destination lie at different places in their page tables' spans: no table can
# move whole, however the start is chosen.

mmap(mmap-0x1ffc000, 0x1fd000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x1ffc000
store(mmap-0x1ffc000, 0x1, 0x41) = 0
store(mmap-0x1e00000, 0x1, 0x42) = 0
mremap(mmap-0x1ffc000, 0x1fd000, 0x1fd000, MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_DONTUNMAP, mmap-0x17fb000) = mmap-0x17fb000
load(mmap-0x17fb000, 0x1) = 0x41
load(mmap-0x15ff000, 0x1) = 0x42
