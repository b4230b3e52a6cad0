# The destination lies in a gigabyte without tables: one is made before anything moves,
# while the walk stands below the start that was asked for. A failure there must count as
# nothing moved, and not as all of it (pmc_progress): `mmdiff inject` lets it fail.
requires: rule=mremap-realign

mmap(mmap-0x1ffc000, 0x1fe000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x1ffc000
store(mmap-0x1ffc000, 0x1, 0x41) = 0
store(mmap-0x1dff000, 0x1, 0x42) = 0
mremap(mmap-0x1ffc000, 0x1fe000, 0x1fe000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x1817fc000) = mmap-0x1817fc000
load(mmap-0x1817fc000, 0x1) = 0x41
load(mmap-0x1815ff000, 0x1) = 0x42
