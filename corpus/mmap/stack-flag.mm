# MAP_STACK asks for no huge pages (VmFlags "nh"), so that thread stacks stay small; it
# does not grow by itself.
requires: rule=map-stack-nohugepage

mmap(NULL, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_STACK, -1, 0) = mmap-0x2000
store(mmap-0x2000, 0x1, 0x01) = 0
load(mmap-0x3000, 0x1) = SIGSEGV/SEGV_MAPERR at mmap-0x3000
mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x3000  # does not merge with it
