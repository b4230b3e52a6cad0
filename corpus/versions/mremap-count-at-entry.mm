# With mremap-count-at-entry (do_mremap):
# mremap tests the number of mappings before anything else.
requires: rule=mremap-count-at-entry max-map-count=11

mmap(stack-0x21000, 0x21000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_GROWSDOWN, -1, 0) = stack-0x21000
mmap(mmap-0x11fe000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x11fe000
mmap(stack-0x122000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = stack-0x122000
mremap(mmap-0x11fe000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x11ff000) = mmap-0x11ff000
mmap(mmap-0x11fa000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x11fa000
mremap(mmap-0x11fd000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x11fc000) = mmap-0x11fc000
