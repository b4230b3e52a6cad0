# A mapping that had guards carries the flag "gu" for ever: removing the guards does not
# clear it, splitting gives it to both halves and merging to the whole.
requires: rule=maybe-guard

mmap(mmap-0x2000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
madvise(mmap-0x2000, 0x1000, MADV_GUARD_INSTALL) = 0
madvise(mmap-0x2000, 0x1000, MADV_GUARD_REMOVE) = 0
mmap(mmap-0x1000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
munmap(mmap-0x2000, 0x1000) = 0
