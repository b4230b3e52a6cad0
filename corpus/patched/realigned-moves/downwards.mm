# A move down by one page table, the case in which a warning was seen for the stack of a new
# program: the destination's second half is the span in which the source starts. The first
# table moves down whole.
requires: rule=mremap-realign

mmap(mmap-0x1eff000, 0x200000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x1eff000
store(mmap-0x1eff000, 0x1, 0x41) = 0
store(mmap-0x1dff000, 0x1, 0x42) = 0
mremap(mmap-0x1eff000, 0x200000, 0x200000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x20ff000) = mmap-0x20ff000
load(mmap-0x20ff000, 0x1) = 0x41
load(mmap-0x1fff000, 0x1) = 0x42
