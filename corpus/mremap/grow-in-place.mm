# A mapping grows where it is if the space behind it is free and the old range ends
# where the mapping ends.

mmap(mmap-0x8000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x8000
mremap(mmap-0x8000, 0x2000, 0x3000, 0, NULL) = mmap-0x8000
mremap(mmap-0x8000, 0x1000, 0x2000, 0, NULL) = -ENOMEM  # its end is not the mapping's end
mremap(mmap-0x8000, 0x3000, 0x9000, 0, NULL) = mmap-0x8000  # beyond the area in which the kernel places mappings
store(mmap-0x5000, 0x1, 0x01) = 0
