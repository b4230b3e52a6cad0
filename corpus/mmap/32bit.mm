# MAP_32BIT searches upwards from 1 GiB to 2 GiB. With address randomisation off the
# start is always the same.

mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_32BIT, -1, 0)
mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_32BIT, -1, 0)
mmap(NULL, 0x60000000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_32BIT, -1, 0)
