# A known difference (mmdiff known). Locking memory adds its pages to VmLck; before Linux
# 7.3 their number is kept in an int for a moment, and from 8 TiB on the count is wrong,
# here far below zero.

mmap(mmap-0x80000000000, 0x80000000000, PROT_NONE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = mmap-0x80000000000
mlock2(mmap-0x80000000000, 0x80000000000, MLOCK_ONFAULT) = 0
