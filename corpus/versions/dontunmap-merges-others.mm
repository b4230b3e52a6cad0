# With dontunmap-merges-others (copy_vma):
# the copy that MREMAP_DONTUNMAP makes beside its untouched source may merge with its other neighbour.
requires: version>=7.2 rule=dontunmap-merges-others

mmap(stack-0x21000, 0x21000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_GROWSDOWN, -1, 0) = stack-0x21000
mremap(stack-0x21000, 0x2000, 0x2000, MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_DONTUNMAP, stack-0x1f000) = stack-0x1f000
