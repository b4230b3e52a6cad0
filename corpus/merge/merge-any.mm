# With PR_SET_MEMORY_MERGE new memory is mergeable by KSM (mg) before it is compared with
# its neighbours, and so joins them: mappings and heap stay in one piece. Droppable memory
# is never merged by KSM, and does not get the flag.
requires: rule=memory-merge rule=ksm-flags-first rule=droppable ksm

prctl(PR_SET_MEMORY_MERGE, 0x1, 0, 0, 0) = 0
mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_DROPPABLE|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
brk(heap+0x1000) = heap+0x1000
brk(heap+0x2000) = heap+0x2000
