# The copy merges with the mapping that ends where it starts, so that the move starts
# within the destination: a page below may be in use, and the entries move one by one.
# Memory that was only read has no anon_vma, which is what lets the two merge.

mmap(mmap-0x17fe000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x17fe000
mmap(mmap-0x1ffc000, 0x1fd000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x1ffc000
load(mmap-0x1ffc000, 0x1) = 0x00
mremap(mmap-0x1ffc000, 0x1fd000, 0x1fd000, MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_DONTUNMAP, mmap-0x17fc000) = mmap-0x17fc000
load(mmap-0x17fc000, 0x1) = 0x00
