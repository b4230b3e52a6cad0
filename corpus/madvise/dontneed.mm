# MADV_DONTNEED throws pages away; private anonymous memory reads as zeroes afterwards.

mmap(NULL, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
store(mmap-0x2000, 0x2000, 0x41) = 0
madvise(mmap-0x2000, 0x1000, MADV_DONTNEED) = 0
load(mmap-0x2000, 0x1) = 0x00
load(mmap-0x1000, 0x1) = 0x42
madvise(mmap-0x2000, 0x2000, MADV_DONTNEED) = 0
mincore(mmap-0x2000, 0x2000) = [0x2]
