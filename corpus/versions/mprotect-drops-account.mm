# With mprotect-drops-account (mprotect_fixup):
# making never-faulted memory read-only gives back its commit charge.
requires: rule=mprotect-drops-account

mmap(stack-0x21000, 0x21000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_GROWSDOWN, -1, 0) = stack-0x21000
mprotect(stack-0x17000, 0x1000, PROT_READ) = 0
