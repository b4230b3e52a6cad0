# The move that the thread began with: a stack of more than two page tables that starts
# late in the first is moved down by as much as one table spans, into itself. Begun at the
# table's start, every table moves whole, and nothing is in the way. How far a stack moves
# is the kernel's choice, so this is for the model.
requires: rule=mremap-realign
start: exec 5120K of arguments, moved down by 0x200000

load(stack-0x500000, 0x1000) = 0x66
load(stack-0x400000, 0x1) = 0x6a
load(stack-0x200000, 0x1) = 0x72
load(stack-0x1000, 0x1) = 0x61
mincore(stack-0x400000, 0x400000) = [1x1024]
