# A kernel without CONFIG_ANON_VMA_NAME knows no names, and refuses any.
requires: !anon-vma-name

mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
set_vma_name(mmap-0x1000, 0x1000, "pool") = -EINVAL
