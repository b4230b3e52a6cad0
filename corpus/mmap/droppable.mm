# MAP_DROPPABLE memory may vanish under pressure: it is not charged, not dumped and
# empty in a child, and locking it succeeds without locking.
requires: rule=droppable

mmap(NULL, 0x2000, PROT_READ|PROT_WRITE, MAP_DROPPABLE|MAP_ANONYMOUS, -1, 0)
store(mmap-0x2000, 0x1, 0x41)
mlock(mmap-0x2000, 0x2000)
madvise(mmap-0x2000, 0x2000, MADV_DODUMP)
madvise(mmap-0x2000, 0x2000, MADV_KEEPONFORK)
fork()
p1: load(mmap-0x2000, 0x1)
