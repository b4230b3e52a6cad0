# A key that denies an access says so in bit 5 of the error code, if there is a page; where
# there is none the processor does not get as far, and the kernel looks at the mapping
# (bad_area_access_from_pkeys). The signal names the key either way: the first one after
# the default key.
requires: pkeys

mmap(mmap-0x4000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x4000
store(mmap-0x4000, 0x1, 0xc3) = 0
mprotect(mmap-0x4000, 0x2000, PROT_EXEC) = 0
load(mmap-0x4000, 0x1) = SIGSEGV/SEGV_PKUERR at mmap-0x4000 trap 14 error 0x25 key 1
store(mmap-0x4000, 0x1, 0x01) = SIGSEGV/SEGV_PKUERR at mmap-0x4000 trap 14 error 0x27 key 1
load(mmap-0x3000, 0x1) = SIGSEGV/SEGV_PKUERR at mmap-0x3000 trap 14 error 0x4 key 1
call(mmap-0x4000) = 0
