# With vmflags-lf (show_smap_vma_flags):
# VmFlags show lf where memory is locked on fault, not ??.
requires: rule=vmflags-lf

mmap(stack-0x21000, 0x21000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_GROWSDOWN, -1, 0) = stack-0x21000
mlock2(stack-0x2000, 0x1000, MLOCK_ONFAULT) = 0
