# RLIMIT_DATA counts private writable memory; read-only memory is free until it becomes
# writable.

setrlimit(RLIMIT_DATA, 0x2000, RLIM_INFINITY) = 0
mmap(NULL, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -ENOMEM
mmap(NULL, 0x3000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
mprotect(mmap-0x3000, 0x3000, PROT_READ|PROT_WRITE) = -ENOMEM
setrlimit(RLIMIT_DATA, RLIM_INFINITY, RLIM_INFINITY) = 0
mprotect(mmap-0x3000, 0x3000, PROT_READ|PROT_WRITE) = 0
