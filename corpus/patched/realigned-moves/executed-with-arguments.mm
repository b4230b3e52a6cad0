# A new program's arguments are copied to the very top of the address space and moved down
# from there, page tables and all. They arrive whole: each page of them has its letter, the
# ends of the strings are in their places, and all pages are there. The tables of the first
# place are gone, as VmPTE shows.
start: exec 132K of arguments

load(stack-0x12, 0x1) = 0x2f
load(stack-0x13, 0x1) = 0x00
load(stack-0x14, 0x1) = 0x61
load(stack-0x1000, 0x1) = 0x61
load(stack-0x21000, 0x1000) = 0x67
load(stack-0x10000, 0x2000) = #dd538f5bd365788b
mincore(stack-0x21000, 0x21000) = [1x33]
