# A known difference (mmdiff known). Linux 6.10 to 7.0 shows KSM in kpageflags for every
# anonymous page, although no page was merged; updates of older kernels mend it.
requires: root

mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_POPULATE, -1, 0) = mmap-0x1000
