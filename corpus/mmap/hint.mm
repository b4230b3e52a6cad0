# A hint is rounded down to a page and honoured when the whole range is free; otherwise
# it is forgotten and the search starts at the top.

mmap(mmap-0x100000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x100000
mmap(mmap-0x200fff, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x201000  # not aligned: rounded down
mmap(mmap-0x101000, 0x2000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x2000  # overlaps: placed elsewhere
mmap(0x1, 0x1000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x3000  # rounds down to zero, which is no hint
