# With seal-per-mapping (can_modify_vma):
# a seal refuses a call when it reaches the sealed mapping, and what was changed before
# stays. 6.10 and 6.11 look at the whole range first, and the lower page keeps its access.
requires: rule=seal-per-mapping rule=mseal

mmap(mmap-0x3000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
mseal(mmap-0x2000, 0x1000, 0) = 0
mprotect(mmap-0x3000, 0x2000, PROT_READ) = -EPERM
