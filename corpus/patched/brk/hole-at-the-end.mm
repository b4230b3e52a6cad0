# The heap's last mapping ends below the break: it is not extended over the hole.

brk(heap+0x4000) = heap+0x4000
munmap(heap+0x3000, 0x1000) = 0
brk(heap+0x6000) = heap+0x6000
load(heap+0x3000, 0x1) = SIGSEGV/SEGV_MAPERR at heap+0x3000
load(heap+0x4000, 0x1) = 0x00
