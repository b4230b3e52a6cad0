# Without CAP_IPC_LOCK, whatever else a process may do, RLIMIT_MEMLOCK binds mlock, mlockall,
# MAP_LOCKED, and the growth of what is locked: moves, the heap, stacks.
requires: !ipc-lock

setrlimit(RLIMIT_MEMLOCK, 0x3000, 0x800000) = 0
mmap(mmap-0x102000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_GROWSDOWN|MAP_LOCKED, -1, 0) = mmap-0x102000
mlockall(MCL_CURRENT) = -ENOMEM
mlockall(MCL_FUTURE) = 0
mmap(mmap-0x2000, 0x2000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = -EAGAIN
mremap(mmap-0x102000, 0x2000, 0x4000, 0, NULL) = -EAGAIN
brk(heap+0x2000) = heap
store(mmap-0x103000, 0x1, 0x01) = 0
store(mmap-0x104000, 0x1, 0x01) = SIGSEGV/SEGV_MAPERR at mmap-0x104000
brk(heap+0x1000) = heap
