# The key is looked at before it is known whether there is a page: a guard region in
# execute-only memory shows only to whoever jumps there.
requires: pkeys rule=guard-regions

mmap(mmap-0x3000, 0x1000, PROT_EXEC, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
madvise(mmap-0x3000, 0x1000, MADV_GUARD_INSTALL) = 0
load(mmap-0x3000, 0x1) = SIGSEGV/SEGV_PKUERR at mmap-0x3000
call(mmap-0x3000) = SIGSEGV/SEGV_MAPERR at mmap-0x3000
