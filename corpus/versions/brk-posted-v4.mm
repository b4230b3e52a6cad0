# With brk-posted-v4 (do_brk_flags):
# a growing heap extends the mapping below by a condition of its own, which only looks at flags and at the length of the anon_vma chain.
requires: rule=brk-posted-v4

brk(heap+0x2000) = heap+0x2000
munmap(heap+0x1000, 0x1000) = 0
brk(heap+0x3000) = heap+0x3000
