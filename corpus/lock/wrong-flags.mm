# mlockall wants at least one of MCL_CURRENT and MCL_FUTURE.

mlockall(0) = -EINVAL
mlockall(MCL_ONFAULT) = -EINVAL
mlockall(0x8) = -EINVAL
