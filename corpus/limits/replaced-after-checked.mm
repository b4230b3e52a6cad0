# Since 6.12 a fixed mmap tests all limits before it unmaps its range, so that a failure
# leaves what was there.
requires: rule=mmap-gathers-first overcommit=0 total-pages=64

mmap(mmap-0x50000, 0xa000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x50000
mmap(mmap-0x3c000, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x3c000
mmap(mmap-0x50000, 0x4f000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = -ENOMEM
load(mmap-0x50000, 0x1) = 0x00
load(mmap-0x3c000, 0x1) = 0x00
