# With strict-heap-name (vma_is_initial_heap):
# a mapping that only touches the heap's ends is not named [heap].
requires: rule=strict-heap-name

mmap(heap, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = heap
