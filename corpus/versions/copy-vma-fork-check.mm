# With copy-vma-fork-check (copy_vma):
# a moved mapping merges only when its anon_vma was not shared by fork.
requires: rule=copy-vma-fork-check

mmap(stack-0x21000, 0x21000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_GROWSDOWN, -1, 0) = stack-0x21000
mremap(stack-0xe000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, stack-0x7000) = stack-0x7000
store(stack-0x21000, 0x1000, 0x01) = 0
mremap(stack-0x1a000, 0x1000, 0x11000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x11ff000) = mmap-0x11ff000
fork() = p1
p1: mremap(mmap-0x11ef000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, stack-0xa000) = stack-0xa000
