# The move starts within its mapping: begun at the span's start it would take along the
# page below, which belongs to the part that stays.

mmap(mmap-0x1fff000, 0x201000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x1fff000
store(mmap-0x1fff000, 0x1, 0x40) = 0
store(mmap-0x1ffc000, 0x1, 0x41) = 0
mremap(mmap-0x1ffc000, 0x1fe000, 0x1fe000, MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_DONTUNMAP, mmap-0x17fc000) = mmap-0x17fc000
load(mmap-0x1fff000, 0x1) = 0x40
load(mmap-0x17fc000, 0x1) = 0x41
load(mmap-0x17fd000, 0x1) = SIGSEGV/SEGV_MAPERR at mmap-0x17fd000
