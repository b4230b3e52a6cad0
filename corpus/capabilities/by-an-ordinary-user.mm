# An ordinary user lowers a hard limit for good, and learns nothing from PR_SET_MM.
requires: user

setrlimit(RLIMIT_AS, 0x100000000, 0x100000000) = 0
setrlimit(RLIMIT_AS, 0x100000000, 0x100000001) = -EPERM
setrlimit(RLIMIT_AS, 0x80000000, 0x80000000) = 0
setrlimit(RLIMIT_AS, 0x80000000, RLIM_INFINITY) = -EPERM
setrlimit(RLIMIT_AS, 0x80001000, 0x80000000) = -EINVAL
prctl(PR_SET_MM, 0x1, 0xffffffffffffffff, 0, 0) = -EPERM
capset(CAP_IPC_LOCK, CAP_IPC_LOCK) = -EPERM
capset(0, 0) = 0
