# With populate-stops-at-hole (madvise_populate):
# MADV_POPULATE_READ and MADV_POPULATE_WRITE end at the first hole; before, they passed over holes as other advice does.
requires: rule=populate-stops-at-hole

mmap(mmap-0x11fe000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x11fe000
madvise(mmap-0x11ff000, 0x2000, MADV_POPULATE_WRITE) = -ENOMEM
