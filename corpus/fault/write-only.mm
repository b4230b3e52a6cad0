# x86 has no write-only pages: memory mapped for writing can be read.

mmap(NULL, 0x1000, PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
load(mmap-0x1000, 0x1) = 0x00
store(mmap-0x1000, 0x1, 0x41) = 0
load(mmap-0x1000, 0x1) = 0x41
