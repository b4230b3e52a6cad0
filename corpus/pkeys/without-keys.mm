# Without protection keys memory that can be executed can be read, whatever was asked for.
requires: !pkeys

mmap(mmap-0x2000, 0x1000, PROT_EXEC, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_POPULATE, -1, 0) = mmap-0x2000
mincore(mmap-0x2000, 0x1000) = [1x1]
load(mmap-0x2000, 0x1000) = 0x00
store(mmap-0x2000, 0x1, 0x41) = SIGSEGV/SEGV_ACCERR at mmap-0x2000
mlock(mmap-0x2000, 0x1000) = 0
