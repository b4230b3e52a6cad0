# With memory-merge (ksm_enable_merge_any):
# PR_SET_MEMORY_MERGE exists.
requires: rule=memory-merge

prctl(PR_GET_MEMORY_MERGE, 0, 0, 0, 0) = 0
