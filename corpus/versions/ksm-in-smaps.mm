# With ksm-in-smaps (__show_smap):
# smaps has a line KSM.
requires: rule=ksm-in-smaps

mmap(mmap-0x11ff000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x11ff000
