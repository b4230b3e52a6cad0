# The page offset of a moved stack is that of the place it was copied to. New memory below
# it, alike in everything else, has that of its own address: they do not merge.
start: exec 4K of arguments

mmap(stack-0x26000, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_GROWSDOWN, -1, 0) = stack-0x26000
