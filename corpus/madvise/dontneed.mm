# MADV_DONTNEED throws pages away; private anonymous memory reads as zeroes afterwards.

mmap(NULL, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
store(mmap-0x2000, 0x2000, 0x41)
madvise(mmap-0x2000, 0x1000, MADV_DONTNEED)
load(mmap-0x2000, 0x1)
load(mmap-0x1000, 0x1)
madvise(mmap-0x2000, 0x2000, MADV_DONTNEED)
mincore(mmap-0x2000, 0x2000)
