# With mremap-multi (remap_move):
# a pure move with MREMAP_FIXED may span several mappings.
requires: rule=mremap-multi

mmap(mmap-0x11ff000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x11ff000
mremap(mmap-0x11fe000, 0x16000, 0x16000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x11df000) = mmap-0x11df000
