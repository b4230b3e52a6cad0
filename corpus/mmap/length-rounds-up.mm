# A length counts in whole pages: one byte maps one page, one more than a page maps two.

mmap(NULL, 0x1, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
mmap(NULL, 0x1001, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
load(mmap-0x3000, 0x2000) = 0x00
store(mmap-0x1000, 0x1000, 0x01) = 0
