# With maybe-guard (madvise_guard_install):
# a mapping that had guard regions carries the sticky flag gu.
requires: rule=maybe-guard

mmap(stack-0x5f8000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = stack-0x5f8000
madvise(stack-0x5f8000, 0x1000, MADV_GUARD_INSTALL) = 0
