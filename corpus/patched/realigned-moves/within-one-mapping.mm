# Source and destination are parts of one mapping. The copy is a mapping of its own, since
# the pages keep their index; both sides have something mapped below, and only the entries
# move.

mmap(mmap-0x1fff000, 0x1000000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x1fff000
store(mmap-0x1fff000, 0x1, 0x40) = 0
store(mmap-0x1ffc000, 0x1, 0x41) = 0
store(mmap-0x17ff000, 0x1, 0x42) = 0
mremap(mmap-0x1ffc000, 0x1fd000, 0x1fd000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x17fc000) = mmap-0x17fc000
load(mmap-0x1fff000, 0x1) = 0x40
load(mmap-0x17ff000, 0x1) = 0x42
load(mmap-0x17fc000, 0x1) = 0x41
