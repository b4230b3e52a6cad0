# Sealing joins a part to a sealed neighbour with a guard, and sets nothing but the seal
# in what has been joined: it may have guards (gu), although the part had none.
requires: rule=maybe-guard rule=mseal

mmap(mmap-0x2000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
mseal(mmap-0x1000, 0x1000, 0) = 0
madvise(mmap-0x1000, 0x1000, MADV_GUARD_INSTALL) = 0
mseal(mmap-0x2000, 0x1000, 0) = 0
