# Memory-deny-write-execute: from now on nothing becomes executable that was not, and
# nothing is mapped writable and executable. It cannot be switched off.
requires: rule=mdwe

mmap(NULL, 0x1000, PROT_READ|PROT_EXEC, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) = 0
mmap(NULL, 0x1000, PROT_READ|PROT_WRITE|PROT_EXEC, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -EACCES
mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
mprotect(mmap-0x2000, 0x1000, PROT_READ|PROT_EXEC) = -EACCES
mprotect(mmap-0x1000, 0x1000, PROT_READ|PROT_EXEC) = 0
prctl(PR_SET_MDWE, 0, 0, 0, 0) = -EPERM
prctl(PR_GET_MDWE, 0, 0, 0, 0) = 0x1
