# The move of shifted-into-itself.mm on a kernel that never begins it at a table's start. The
# entries of the first part are moved one by one, and leave an empty table where the next
# table could move whole: the kernel warns of that, and moves its entries one by one too. What
# is moved is the same.
requires: !rule=mremap-realign
start: exec 5120K of arguments, moved down by 0x200000

load(stack-0x500000, 0x1000) = 0x66
load(stack-0x400000, 0x1) = 0x6a
load(stack-0x200000, 0x1) = 0x72
load(stack-0x1000, 0x1) = 0x61
mincore(stack-0x400000, 0x400000) = [1x1024]
