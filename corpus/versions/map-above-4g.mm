# With map-above-4g (arch_get_unmapped_area_topdown):
# MAP_ABOVE4G keeps a mapping above 4 GiB; older kernels ignore it.
requires: rule=map-above-4g

mmap(NULL, 0x7ffef7ffd000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = 0x100002000
mmap(NULL, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_ABOVE4G, -1, 0) = mmap
