# Memory errors on demand need CAP_SYS_ADMIN. There is no memory beyond the address space, so
# who has it learns no more than that.
requires: sys-admin memory-failure

madvise(0x7ffffffff000, 0x1000, MADV_SOFT_OFFLINE) = -EFAULT
madvise(0x800000000000, 0x1000, MADV_HWPOISON) = -EFAULT
capset(0, CAP_SYS_ADMIN) = 0
madvise(0x7ffffffff000, 0x1000, MADV_SOFT_OFFLINE) = -EPERM
madvise(0x800000000000, 0x1000, MADV_HWPOISON) = -EPERM
