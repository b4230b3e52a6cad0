# A start that is the span's start needs no realigning: the table moves whole because it is
# filled.

mmap(mmap-0x1fff000, 0x200000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x1fff000
store(mmap-0x1fff000, 0x1, 0x41) = 0
mremap(mmap-0x1fff000, 0x200000, 0x200000, MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_DONTUNMAP, mmap-0x17ff000) = mmap-0x17ff000
load(mmap-0x17ff000, 0x1) = 0x41
