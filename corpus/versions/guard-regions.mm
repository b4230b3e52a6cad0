# With guard-regions (madvise_guard_install):
# MADV_GUARD_INSTALL and MADV_GUARD_REMOVE exist.
requires: rule=guard-regions

mmap(stack-0x21000, 0x21000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_GROWSDOWN, -1, 0) = stack-0x21000
madvise(stack-0x21000, 0x1000, MADV_GUARD_INSTALL) = 0
