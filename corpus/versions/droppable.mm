# With droppable (do_mmap):
# MAP_DROPPABLE exists.
requires: rule=droppable

mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_DROPPABLE|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
