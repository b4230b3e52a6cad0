# The key is a part of the mapping's flags, so mappings merge only if they have the same.
# It is the exact protection that decides: PROT_SEM, which means nothing, leaves
# executable memory readable.
requires: pkeys

mmap(mmap-0x3000, 0x1000, PROT_EXEC, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
mmap(mmap-0x2000, 0x1000, PROT_EXEC|PROT_SEM, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
load(mmap-0x2000, 0x1) = 0x00
load(mmap-0x3000, 0x1) = SIGSEGV/SEGV_PKUERR at mmap-0x3000
mprotect(mmap-0x3000, 0x1000, PROT_EXEC|PROT_SEM) = 0  # now they are alike
load(mmap-0x3000, 0x1) = 0x00
mprotect(mmap-0x3000, 0x2000, PROT_EXEC) = 0
load(mmap-0x3000, 0x1) = SIGSEGV/SEGV_PKUERR at mmap-0x3000
