# From 6.4 to 6.16 new memory is marked mergeable when it has not found anything to extend,
# and so never extends what is marked: every growth is a mapping of its own.
requires: ksm rule=memory-merge !rule=ksm-flags-first

brk(heap+0x1000) = heap+0x1000
prctl(PR_SET_MEMORY_MERGE, 0x1, 0, 0, 0) = 0
brk(heap+0x2000) = heap+0x2000
brk(heap+0x3000) = heap+0x3000
