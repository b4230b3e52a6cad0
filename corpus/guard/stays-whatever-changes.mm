# Each call that changes flags or name of a part joins it to a neighbour with a guard here,
# and what has been joined may have guards (gu), although the part had none. The kernel
# stores flags after it has joined, and takes care each time that they are those of the
# whole: mprotect, mlock, munlock, madvise. (What naming does is a known difference,
# naming-forgets-guard.)
requires: rule=maybe-guard

mmap(mmap-0x3000, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
mprotect(mmap-0x3000, 0x1000, PROT_READ) = 0
madvise(mmap-0x1000, 0x1000, MADV_GUARD_INSTALL) = 0
# to the upper neighbour
mprotect(mmap-0x3000, 0x1000, PROT_READ|PROT_WRITE) = 0
mmap(mmap-0x7000, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x7000
mlock2(mmap-0x6000, 0x2000, MLOCK_ONFAULT) = 0
madvise(mmap-0x7000, 0x1000, MADV_GUARD_INSTALL) = 0
# to the lower one, page by page
munlock(mmap-0x6000, 0x1000) = 0
munlock(mmap-0x5000, 0x1000) = 0
mmap(mmap-0xb000, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0xb000
madvise(mmap-0xa000, 0x1000, MADV_DONTFORK) = 0
madvise(mmap-0xb000, 0x1000, MADV_GUARD_INSTALL) = 0
# to both
madvise(mmap-0xa000, 0x1000, MADV_DOFORK) = 0
mmap(mmap-0xf000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0xf000
mprotect(mmap-0xe000, 0x1000, PROT_READ) = 0
madvise(mmap-0xe000, 0x1000, MADV_GUARD_INSTALL) = 0
mlock2(mmap-0xe000, 0x1000, MLOCK_ONFAULT) = 0
mprotect(mmap-0xe000, 0x1000, PROT_READ|PROT_WRITE) = 0
# to the upper one, by a lock
mlock2(mmap-0xf000, 0x1000, MLOCK_ONFAULT) = 0
