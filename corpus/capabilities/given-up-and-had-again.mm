# A capability that is permitted can be made effective again; one that is no longer permitted
# cannot. With RLIMIT_MEMLOCK 0 it decides whether memory may be locked.
requires: ipc-lock sys-admin

setrlimit(RLIMIT_MEMLOCK, 0, 0) = 0
mmap(mmap-0x1000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
mlock(mmap-0x1000, 0x1000) = 0
munlock(mmap-0x1000, 0x1000) = 0
capset(0, CAP_IPC_LOCK) = 0
mlock(mmap-0x1000, 0x1000) = -EPERM
capset(CAP_IPC_LOCK, CAP_IPC_LOCK) = 0
mlock(mmap-0x1000, 0x1000) = 0
capset(0, CAP_IPC_LOCK|CAP_SYS_ADMIN) = -EPERM
capset(CAP_SYS_ADMIN, CAP_IPC_LOCK) = -EPERM
