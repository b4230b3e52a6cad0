# The key goes along with the mapping into a child, and with a move.
requires: pkeys

mmap(mmap-0x3000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
store(mmap-0x3000, 0x1000, 0xc3) = 0
mprotect(mmap-0x3000, 0x1000, PROT_EXEC) = 0
fork() = p1
p1: call(mmap-0x3000) = 0
p1: load(mmap-0x3000, 0x1) = SIGSEGV/SEGV_PKUERR at mmap-0x3000
p1: mprotect(mmap-0x3000, 0x1000, PROT_READ|PROT_WRITE) = 0
p1: store(mmap-0x3000, 0x1, 0x41) = 0
mremap(mmap-0x3000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x8000) = mmap-0x8000
load(mmap-0x8000, 0x1) = SIGSEGV/SEGV_PKUERR at mmap-0x8000
call(mmap-0x8000) = 0
