# What is sealed cannot be given up: the break stays where it was.
requires: rule=mseal

brk(heap+0x3000) = heap+0x3000
mseal(heap+0x1000, 0x1000, 0) = 0
brk(heap+0x1000) = heap+0x3000
brk(NULL) = heap+0x3000
