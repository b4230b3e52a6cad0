# CAP_IPC_LOCK locks without limit.
requires: ipc-lock

setrlimit(RLIMIT_MEMLOCK, 0, 0) = 0
mmap(NULL, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_LOCKED, -1, 0) = mmap-0x2000
mlockall(MCL_FUTURE) = 0
mmap(NULL, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x4000
brk(heap+0x1000) = heap+0x1000
