# A known difference (mmdiff known). Touched memory that moves to beside untouched memory
# and joins it belongs to the anon_vma that its pages had; from Linux 6.16 until updates of
# 6.18 the joined mapping has none, and fork does not copy the pages.

mmap(mmap-0x1000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
store(mmap-0x1000, 0x1, 0x01) = 0
mremap(mmap-0x1000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x4000) = mmap-0x4000
mmap(mmap-0x2000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
mremap(mmap-0x4000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x1000) = mmap-0x1000
fork() = p1
