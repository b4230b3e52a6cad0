# Names make anonymous memory tell what it is for. Memory with different names does not
# merge.
requires: anon-vma-name

mmap(NULL, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
set_vma_name(mmap-0x2000, 0x1000, "pool") = 0
set_vma_name(mmap-0x2000, 0x1000, "a [wrong] name") = -EINVAL
set_vma_name(mmap-0x2000, 0x1000, NULL) = 0
