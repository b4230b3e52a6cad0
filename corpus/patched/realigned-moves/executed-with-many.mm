# The most arguments that the usual limit on stacks allows: a quarter of it. The stack
# reaches over the end of a page table wherever it ends, and the move with it.
start: exec 2047K of arguments

load(stack-0x1ff000, 0x1000) = 0x71
load(stack-0x100000, 0x1) = 0x76
load(stack-0x1000, 0x1) = 0x61
mincore(stack-0x1ff000, 0x1ff000) = [1x511]
