# Why the space above matters for a short move: another mapping has its page in the same
# table, which must stay where it is.

mmap(mmap-0x1ffc000, 0x1fc000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x1ffc000
mmap(mmap-0x1e00000, 0x1000, PROT_READ|PROT_WRITE|PROT_EXEC, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x1e00000
store(mmap-0x1ffc000, 0x1, 0x41) = 0
store(mmap-0x1e00000, 0x1, 0x43) = 0
mremap(mmap-0x1ffc000, 0x1fc000, 0x1fc000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x17fc000) = mmap-0x17fc000
load(mmap-0x17fc000, 0x1) = 0x41
load(mmap-0x1e00000, 0x1) = 0x43
