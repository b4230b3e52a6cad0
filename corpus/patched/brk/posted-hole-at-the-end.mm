# The posted condition does not compare where the heap's last mapping ends: it is extended
# over the hole, and the pages of that are counted nowhere.
requires: rule=brk-posted-v4

brk(heap+0x4000) = heap+0x4000
munmap(heap+0x3000, 0x1000) = 0
brk(heap+0x6000) = heap+0x6000
load(heap+0x3000, 0x1) = 0x00
load(heap+0x4000, 0x1) = 0x00
