# With mprotect-drops-account (mprotect_fixup):
# making never-faulted memory read-only gives back its commit charge.
requires: rule=mprotect-drops-account

mprotect(stack-0x17000, 0x1000, PROT_READ) = 0
