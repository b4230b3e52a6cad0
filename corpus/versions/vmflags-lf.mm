# With vmflags-lf (show_smap_vma_flags):
# VmFlags show lf where memory is locked on fault, not ??.
requires: rule=vmflags-lf

mlock2(stack-0x2000, 0x1000, MLOCK_ONFAULT) = 0
