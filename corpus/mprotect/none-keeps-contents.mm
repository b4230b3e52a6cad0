# PROT_NONE hides pages and keeps them: they stay resident and come back.

mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
store(mmap-0x1000, 0x1000, 0x41)
mprotect(mmap-0x1000, 0x1000, PROT_NONE)
load(mmap-0x1000, 1)
mprotect(mmap-0x1000, 0x1000, PROT_READ)
load(mmap-0x1000, 0x1000)
