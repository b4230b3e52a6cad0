# The kernel populates memory as if the process read it (check_vma_flags), and the key
# of execute-only memory denies that: nothing is populated. mmap does not mind, mlock
# reports it when the pages are locked already, and MADV_POPULATE_READ refuses any memory
# without read permission.
requires: pkeys

mmap(mmap-0x3000, 0x2000, PROT_EXEC, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_POPULATE, -1, 0) = mmap-0x3000
mincore(mmap-0x3000, 0x2000) = [0x2]
mlock(mmap-0x3000, 0x1000) = -ENOMEM
mincore(mmap-0x3000, 0x2000) = [0x2]
madvise(mmap-0x3000, 0x2000, MADV_POPULATE_READ) = -EINVAL
mprotect(mmap-0x3000, 0x1000, PROT_READ|PROT_WRITE) = 0  # locked memory becomes writable: populated
mincore(mmap-0x3000, 0x2000) = [1x1 0x1]
