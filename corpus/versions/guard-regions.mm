# With guard-regions (madvise_guard_install):
# MADV_GUARD_INSTALL and MADV_GUARD_REMOVE exist.
requires: rule=guard-regions

madvise(stack-0x21000, 0x1000, MADV_GUARD_INSTALL) = 0
