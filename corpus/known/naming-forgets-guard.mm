# A known difference (mmdiff known). Naming a part so that it joins memory with guards
# makes one mapping that may have guards; Linux 6.19, and 6.18 with later updates, forgets
# that it may, because it stores the flags that the part had. The guard itself stays.
requires: anon-vma-name rule=maybe-guard

mmap(mmap-0x2000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
set_vma_name(mmap-0x1000, 0x1000, "a") = 0
madvise(mmap-0x1000, 0x1000, MADV_GUARD_INSTALL) = 0
set_vma_name(mmap-0x2000, 0x1000, "a") = 0
