# Naming a part of a mapping splits it. At vm.max_map_count the error is that of a shortage
# that may pass, EAGAIN (madvise_update_vma).
requires: max-map-count=2 anon-vma-name

mmap(mmap-0x3000, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
set_vma_name(mmap-0x2000, 0x1000, "a") = -EAGAIN
set_vma_name(mmap-0x3000, 0x3000, "a") = 0
