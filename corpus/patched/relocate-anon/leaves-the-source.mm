# With MREMAP_DONTUNMAP the pages go, and the source stays behind as if it had
# never been touched.
requires: rule=relocate-anon

mmap(mmap-0x2000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
store(mmap-0x2000, 0x2000, 0x01) = 0
mmap(mmap-0x10000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x10000
mremap(mmap-0x2000, 0x2000, 0x2000, MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_DONTUNMAP|MREMAP_RELOCATE_ANON, mmap-0xe000) = mmap-0xe000
load(mmap-0x2000, 0x2000) = 0x00
load(mmap-0xe000, 0x2000) = #61979219ea3039b7
