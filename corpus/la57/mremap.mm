# A mapping moves above 2^47 only to a place that the call names, but grows across it
# where it is.
requires: la57

mmap(0x7fffffffd000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = stack-0x1000
mremap(0x7fffffffd000, 0x2000, 0x4000, 0, NULL) = stack-0x1000
store(0x800000000000, 0x1000, 0x41) = 0
mremap(0x7fffffffd000, 0x4000, 0x4000, MREMAP_MAYMOVE|MREMAP_FIXED, 0x1000000000000) = 0x1000000000000
load(0x1000000003000, 0x1000) = 0x41
mmap(0x1000000004000, 0x1000, PROT_NONE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x1000000004000
mremap(0x1000000000000, 0x4000, 0x5000, MREMAP_MAYMOVE, NULL) = mmap-0x5000  # no longer where it is: back below
mremap(mmap-0x5000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, 0xfffffffffff000) = -EINVAL
