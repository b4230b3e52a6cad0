# 6.10 and 6.11 test a whole range for seals before they touch any of it (can_modify_mm,
# can_modify_mm_madv), so that a refused call changes nothing: munmap does not even split
# what it begins in. A move looks at the destination's place first. So in the source of these versions.
requires: rule=mseal !rule=seal-per-mapping

mmap(mmap-0x4000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x4000
mmap(mmap-0x2000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
store(mmap-0x4000, 0x2000, 0x41) = 0
mseal(mmap-0x2000, 0x1000, 0) = 0
munmap(mmap-0x3000, 0x2000) = -EPERM
mprotect(mmap-0x4000, 0x3000, PROT_NONE) = -EPERM
madvise(mmap-0x4000, 0x3000, MADV_DONTNEED) = -EPERM
madvise(mmap-0x4000, 0x3000, MADV_DONTFORK) = -EPERM
load(mmap-0x3000, 0x1) = 0x42
mremap(mmap-0x4000, 0x3000, 0x1000, MREMAP_MAYMOVE, NULL) = -EPERM
mremap(mmap-0x2000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x2000) = -EINVAL
mremap(mmap-0x2000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x9000) = -EPERM
mremap(mmap-0x4000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x2000) = -EPERM
