# A mapping borrows its neighbour's anon_vma if the two differ in nothing but their
# protection, so that they may merge later (anon_vma_compatible). The key is no part of
# the protection: beside execute-only memory a mapping gets an anon_vma of its own, and
# when the protection is the same again the two stay apart.
requires: pkeys

mmap(mmap-0x3000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
store(mmap-0x3000, 0x1, 0x41) = 0
mprotect(mmap-0x3000, 0x1000, PROT_EXEC) = 0
mmap(mmap-0x2000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
store(mmap-0x2000, 0x1, 0x41) = 0
mprotect(mmap-0x3000, 0x1000, PROT_READ|PROT_WRITE) = 0
mremap(mmap-0x3000, 0x2000, 0x3000, MREMAP_MAYMOVE, NULL) = -EFAULT  # they are still two
