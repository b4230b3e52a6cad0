# Both grow flags, then the alignment, then an empty range (fine, wherever it is), then
# wrapping around, then the protection, then the mapping.

mprotect(0x1001, 0x1000, PROT_GROWSDOWN|PROT_GROWSUP) = -EINVAL
mprotect(0x1001, 0, PROT_READ) = -EINVAL
mprotect(0x1000, 0, 0x80) = 0
mprotect(0x1000, 0xfffffffffffff000, 0x80) = -ENOMEM
mprotect(0x1000, 0x1000, 0x80) = -EINVAL
mprotect(0x1000, 0x1000, PROT_READ) = -ENOMEM
mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
mprotect(mmap-0x1000, 0x1000, PROT_READ|PROT_GROWSDOWN) = -EINVAL  # it does not grow
