# fork copies what a process may do: a child can have no more than its parent had, and what
# the child gives up the parent keeps.
requires: ipc-lock sys-resource

capset(CAP_SYS_RESOURCE, CAP_IPC_LOCK|CAP_SYS_RESOURCE) = 0
fork() = p1
p1: setrlimit(RLIMIT_MEMLOCK, 0, 0) = 0
p1: mlockall(MCL_FUTURE) = -EPERM
p1: capset(0, CAP_IPC_LOCK) = 0
p1: setrlimit(RLIMIT_MEMLOCK, 0x1000, 0x1000) = -EPERM
p1: capset(CAP_SYS_RESOURCE, CAP_SYS_RESOURCE) = -EPERM
setrlimit(RLIMIT_MEMLOCK, 0x1000, RLIM_INFINITY) = 0
