# A known difference (mmdiff known). Droppable memory cannot be locked, so it stays
# unlocked after MCL_FUTURE and is populated; Linux 6.11 to 6.19 locks it. Updates of
# older kernels mend it.
requires: root rule=droppable

mlockall(MCL_FUTURE) = 0
mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_DROPPABLE|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
