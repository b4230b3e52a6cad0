# With relocate-anon (relocate_anon_folios):
# mremap knows MREMAP_RELOCATE_ANON, and moved memory merges as if it had been
# mapped where it is.
requires: rule=relocate-anon

mmap(mmap-0x1000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
mremap(mmap-0x1000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_RELOCATE_ANON, mmap-0x3000) = mmap-0x3000
