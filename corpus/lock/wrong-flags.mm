# mlockall wants at least one of MCL_CURRENT and MCL_FUTURE.

mlockall(0)
mlockall(MCL_ONFAULT)
mlockall(0x8)
