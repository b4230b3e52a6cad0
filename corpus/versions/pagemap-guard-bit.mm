# With pagemap-guard-bit (pagemap_pte_hole):
# pagemap shows guard markers in bit 58.
requires: rule=pagemap-guard-bit

mmap(stack-0x21000, 0x21000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_GROWSDOWN, -1, 0) = stack-0x21000
madvise(stack-0x2000, 0x1000, MADV_GUARD_INSTALL) = 0
