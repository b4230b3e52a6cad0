# Advice is applied to every mapped part of the range, and the holes are reported at the
# end.

mmap(mmap-0x5000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x5000
mmap(mmap-0x3000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
store(mmap-0x3000, 0x1, 0x41) = 0
madvise(mmap-0x5000, 0x4000, MADV_DONTNEED) = -ENOMEM
load(mmap-0x3000, 0x1) = 0x00  # discarded all the same
