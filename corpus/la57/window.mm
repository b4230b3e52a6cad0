# With page tables of five levels the address space is 2^56 bytes, but mappings keep to
# the 2^47 that programs have always had, unless the hint lies above: programs keep
# things in the upper bits of addresses. A hint that cannot be had is still taken as the
# wish for a high address.
requires: la57

mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
mmap(0x1000000000000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x1000000000000
store(0x1000000000000, 0x1000, 0x41) = 0
mmap(0x1000000000000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap+0xff7ffffffff000  # in use
mmap(0xffff800000000000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap+0xff7fffffffe000  # no address at all
mmap(0x1000000000000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_32BIT, -1, 0) = 0x40000000
