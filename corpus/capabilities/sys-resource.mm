# Hard limits go down for all, and up with CAP_SYS_RESOURCE only; PR_SET_MM asks for it, too,
# before it looks at the address.
requires: sys-resource

setrlimit(RLIMIT_AS, 0x100000000, 0x100000000) = 0
setrlimit(RLIMIT_AS, 0x100000000, RLIM_INFINITY) = 0
setrlimit(RLIMIT_AS, 0x100000000, 0x100000000) = 0
prctl(PR_SET_MM, 0x1, 0xffffffffffffffff, 0, 0) = -EINVAL
capset(0, CAP_SYS_RESOURCE) = 0
setrlimit(RLIMIT_AS, 0x100000000, 0x100001000) = -EPERM
setrlimit(RLIMIT_AS, 0x80000000, 0x100000000) = 0
prctl(PR_SET_MM, 0x1, 0xffffffffffffffff, 0, 0) = -EPERM
