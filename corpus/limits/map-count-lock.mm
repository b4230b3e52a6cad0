# Locking and sealing split as any change of a part does, and fail at vm.max_map_count: with
# ENOMEM, whatever their other errors are (mlock_fixup, mseal_fixup, vma_modify_flags). What
# they would have done to the whole of a mapping needs no split.
requires: max-map-count=2 rule=mseal

mmap(mmap-0x3000, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
mlock(mmap-0x2000, 0x1000) = -ENOMEM
mlock(mmap-0x3000, 0x3000) = 0
munlock(mmap-0x3000, 0x1000) = -ENOMEM
munlock(mmap-0x3000, 0x3000) = 0
mseal(mmap-0x2000, 0x1000, 0) = -ENOMEM
mseal(mmap-0x3000, 0x3000, 0) = 0
