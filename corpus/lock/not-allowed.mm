# An ordinary user with RLIMIT_MEMLOCK 0 may not lock at all, which is another error than
# locking too much.
requires: user

setrlimit(RLIMIT_MEMLOCK, 0, 0x800000) = 0
mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_LOCKED, -1, 0) = -EPERM
mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
mlock(mmap-0x1000, 0x1000) = -EPERM
setrlimit(RLIMIT_MEMLOCK, 0x1000, 0x800000) = 0
mlock(mmap-0x1000, 0x1000) = 0
mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_LOCKED, -1, 0) = -EAGAIN
