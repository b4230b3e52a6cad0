# Without arguments a page at the top is moved all the same: the name of the program and its
# path are on it, and what the kernel writes for the program below them. There is room for
# 128 KiB more, and nothing else.
start: exec 0 bytes of arguments

mincore(stack-0x1000, 0x1000) = [1x1]
mincore(stack-0x21000, 0x1000) = [0x1]
mprotect(stack-0x22000, 0x1000, PROT_READ) = -ENOMEM
store(stack-0x1000, 0x1000, 0x41) = 0
load(stack-0x1000, 0x1000) = 0x41
