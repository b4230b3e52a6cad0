# The posted condition does not look at the name: new heap is called like the old one.
requires: rule=brk-posted-v4 anon-vma-name

brk(heap+0x2000) = heap+0x2000
set_vma_name(heap, 0x2000, "a") = 0
brk(heap+0x4000) = heap+0x4000
