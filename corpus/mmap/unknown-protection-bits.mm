# Protection bits that mean nothing are ignored by mmap, while mprotect refuses them.

mmap(NULL, 0x1000, PROT_READ|0x80, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
mprotect(mmap-0x1000, 0x1000, PROT_READ|0x80) = -EINVAL
