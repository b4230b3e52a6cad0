# With pagemap-guard-bit (pagemap_pte_hole):
# pagemap shows guard markers in bit 58.
requires: rule=pagemap-guard-bit

madvise(stack-0x2000, 0x1000, MADV_GUARD_INSTALL) = 0
