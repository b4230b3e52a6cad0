# With ksm-flags-first (ksm_vma_flags):
# with PR_SET_MEMORY_MERGE new memory is marked mergeable before it looks for neighbours to merge with.
requires: rule=ksm-flags-first

mmap(mmap-0x11f8000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x11f8000
prctl(PR_SET_MEMORY_MERGE, 0x1, 0, 0, 0) = 0
mmap(mmap-0x11ff000, 0x7000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x11ff000
