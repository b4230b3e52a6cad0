# A hint is not taken when the range leaves the lower 2^47 bytes or touches their end
# (mmap_address_hint_valid). The last page below 2^47 is above their end, where mappings
# land that ask for it.
requires: la57

mmap(0x7fffffffe000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
mmap(0x7ffffffff000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
mmap(0x7fffffffe000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = stack
mmap(0x800000000000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x800000000000
