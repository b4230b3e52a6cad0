# With PR_SET_MEMORY_MERGE all memory is mergeable, new heap too before it looks for what it
# can extend.
requires: ksm rule=memory-merge rule=ksm-flags-first

brk(heap+0x1000) = heap+0x1000
prctl(PR_SET_MEMORY_MERGE, 0x1, 0, 0, 0) = 0
brk(heap+0x2000) = heap+0x2000
brk(heap+0x3000) = heap+0x3000
