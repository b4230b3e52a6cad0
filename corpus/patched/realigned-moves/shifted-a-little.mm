# Moved down by a few pages only, source and destination share page tables, and nothing can
# move whole: the entries change their places one by one, downwards in the same tables.
start: exec 300K of arguments, moved down by 0x3000

load(stack-0x4b000, 0x1) = 0x77
load(stack-0x25000, 0x1) = 0x6b
load(stack-0x1000, 0x1) = 0x61
mincore(stack-0x4b000, 0x4b000) = [1x75]
