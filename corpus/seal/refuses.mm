# Sealed mappings can be neither unmapped nor replaced, moved, or changed.
requires: rule=mseal

mmap(mmap-0x3000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
mseal(mmap-0x3000, 0x1000, 0)
munmap(mmap-0x3000, 0x2000)
mprotect(mmap-0x3000, 0x1000, PROT_READ)
mmap(mmap-0x3000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
mremap(mmap-0x3000, 0x1000, 0x1000, MREMAP_MAYMOVE, NULL)
mremap(mmap-0x3000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x9000)
store(mmap-0x3000, 0x1, 0x41)
