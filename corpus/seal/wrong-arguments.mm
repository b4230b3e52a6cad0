# mseal has no flags yet, and a range with a hole seals nothing.
requires: rule=mseal

mmap(mmap-0x3000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
mseal(mmap-0x3000, 0x1000, 0x1) = -EINVAL
mseal(mmap-0x2fff, 0x1000, 0) = -EINVAL
mseal(mmap-0x3000, 0x2000, 0) = -ENOMEM
mseal(mmap-0x3000, 0, 0) = 0
munmap(mmap-0x3000, 0x1000) = 0
