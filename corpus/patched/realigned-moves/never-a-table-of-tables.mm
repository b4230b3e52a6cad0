# Realigning stops at the span of one page table: a move that starts late in the first
# gigabyte makes a table of tables at the destination for the first part, although nothing
# is mapped below. The second gigabyte moves with all of its tables.

mmap(mmap-0xb7dff000, 0x7fe00000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = mmap-0xb7dff000
store(mmap-0xb7dff000, 0x1, 0x41) = 0
store(mmap-0x77fff000, 0x1, 0x42) = 0
mremap(mmap-0xb7dff000, 0x7fe00000, 0x7fe00000, MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_DONTUNMAP, mmap-0x1b7dff000) = mmap-0x1b7dff000
load(mmap-0x1b7dff000, 0x1) = 0x41
load(mmap-0x177fff000, 0x1) = 0x42
