# Until 6.16 memory got the flag of KSM (mg) as a mapping of its own, after it was
# compared with its neighbours (ksm_add_vma in mmap_region and do_brk_flags): mappings
# that look the same stay apart.
requires: version>=6.4 version<6.17 ksm

prctl(PR_SET_MEMORY_MERGE, 0x1, 0, 0, 0) = 0
mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
brk(heap+0x1000) = heap+0x1000
brk(heap+0x2000) = heap+0x2000
# the flag that mappings got in place makes no difference
prctl(PR_SET_MEMORY_MERGE, 0, 0, 0, 0) = 0
mmap(mmap-0x23000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x23000
prctl(PR_SET_MEMORY_MERGE, 0x1, 0, 0, 0) = 0
mmap(mmap-0x22000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x22000
