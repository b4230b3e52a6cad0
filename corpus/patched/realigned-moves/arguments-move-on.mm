# What execve moved can be moved again, by mremap, and still is what it was.
start: exec 1028K of arguments

mremap(stack-0x101000, 0x101000, 0x101000, MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_DONTUNMAP, mmap-0x801000) = mmap-0x801000
load(mmap-0x801000, 0x1000) = 0x77
load(mmap-0x701000, 0x1) = 0x61
load(stack-0x1000, 0x1) = 0x00
