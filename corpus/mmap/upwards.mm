# With vm.legacy_va_layout mappings are placed upwards from a third of the address space, the
# lowest gap first (arch_get_unmapped_area). A hint is rounded up, not down. What is a multiple
# of 2 MiB is aligned to that, and takes the first such place.
requires: legacy-layout rule=thp-align-multiple

mmap(NULL, 0x2000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x2aaaaaaab000
mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x2aaaaaaad000
munmap(0x2aaaaaaab000, 0x1000) = 0
mmap(NULL, 0x1000, PROT_READ|PROT_EXEC, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x2aaaaaaab000
mmap(0x2aaaaab00001, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x2aaaaab00000
mmap(NULL, 0x200000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x2aaaaac00000
mmap(NULL, 0x200000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x2aaaaae00000
mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_32BIT, -1, 0) = 0x40000000
mremap(0x2aaaaaaad000, 0x1000, 0x4000, MREMAP_MAYMOVE, NULL) = 0x2aaaaaaad000
