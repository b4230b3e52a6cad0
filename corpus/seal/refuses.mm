# Sealed mappings can be neither unmapped nor replaced, moved, or changed.
requires: rule=mseal

mmap(mmap-0x3000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
mseal(mmap-0x3000, 0x1000, 0) = 0
munmap(mmap-0x3000, 0x2000) = -EPERM
mprotect(mmap-0x3000, 0x1000, PROT_READ) = -EPERM
mmap(mmap-0x3000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = -EPERM
mremap(mmap-0x3000, 0x1000, 0x1000, MREMAP_MAYMOVE, NULL) = -EPERM
mremap(mmap-0x3000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x9000) = -EPERM
store(mmap-0x3000, 0x1, 0x41) = 0
