# A soft limit may not exceed the hard one.

setrlimit(RLIMIT_DATA, 0x2000, 0x1000) = -EINVAL
setrlimit(99, 0x1000, 0x1000) = -EINVAL
