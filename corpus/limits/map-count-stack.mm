# A stack grows whatever vm.max_map_count is: it becomes larger, not more (expand_downwards).
# Nor does a fork ask for it: the child has as many mappings as its parent (dup_mmap).
requires: max-map-count=2

mmap(stack-0x21000, 0x21000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_GROWSDOWN, -1, 0) = stack-0x21000
mmap(mmap-0x1000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
store(stack-0x22000, 0x1, 0x41) = 0
fork() = p1
p1: load(stack-0x22000, 0x1) = 0x41
p1: munmap(stack-0x10000, 0x1000) = -ENOMEM
p1: exit() = exited
