# Locked memory takes no guards, and memory with guards cannot be locked: populating it
# fails.
requires: rule=guard-regions

mmap(mmap-0x2000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
madvise(mmap-0x2000, 0x1000, MADV_GUARD_INSTALL) = 0
mlock(mmap-0x2000, 0x2000) = -ENOMEM
madvise(mmap-0x1000, 0x1000, MADV_GUARD_INSTALL) = -EINVAL
madvise(mmap-0x2000, 0x1000, MADV_GUARD_REMOVE) = 0
madvise(mmap-0x2000, 0x2000, MADV_POPULATE_WRITE) = 0
