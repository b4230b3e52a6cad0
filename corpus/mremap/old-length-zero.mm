# Old length zero duplicates shared memory. Private memory cannot be duplicated.

mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
mremap(mmap-0x1000, 0, 0x1000, MREMAP_MAYMOVE, NULL) = -EINVAL
