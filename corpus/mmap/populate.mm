# MAP_POPULATE makes the pages present at once. Readable memory is populated with the
# shared zero page, which is no page of the process: it does not count as resident.

mmap(NULL, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_POPULATE, -1, 0) = mmap-0x2000
mincore(mmap-0x2000, 0x2000) = [1x2]
mmap(NULL, 0x2000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_POPULATE, -1, 0) = mmap-0x4000
mincore(mmap-0x4000, 0x2000) = [1x2]
mmap(NULL, 0x2000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_POPULATE, -1, 0) = mmap-0x6000  # nobody may read it: nothing to populate
mincore(mmap-0x6000, 0x2000) = [0x2]
