# MAP_DROPPABLE memory may vanish under pressure: it is not charged, not dumped and
# empty in a child, and locking it succeeds without locking.
requires: rule=droppable

mmap(NULL, 0x2000, PROT_READ|PROT_WRITE, MAP_DROPPABLE|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
store(mmap-0x2000, 0x1, 0x41) = 0
mlock(mmap-0x2000, 0x2000) = 0
madvise(mmap-0x2000, 0x2000, MADV_DODUMP) = -EINVAL
madvise(mmap-0x2000, 0x2000, MADV_KEEPONFORK) = -EINVAL
fork() = p1
p1: load(mmap-0x2000, 0x1) = 0x00
