# Pages that a child may share stay as they are: the move is an ordinary one, and
# what it moves does not merge.
requires: rule=relocate-anon

mmap(mmap-0x2000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
store(mmap-0x2000, 0x2000, 0x01) = 0
mmap(mmap-0x10000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x10000
fork() = p1
mremap(mmap-0x2000, 0x2000, 0x2000, MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_RELOCATE_ANON, mmap-0xe000) = mmap-0xe000
p1: load(mmap-0x2000, 0x2000) = #61979219ea3039b7
load(mmap-0xe000, 0x2000) = #61979219ea3039b7
