# An access that runs into a hole does what comes before it, and the signal names the
# first byte that failed.

mmap(mmap-0x3000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
store(mmap-0x3000, 0x1010, 0x41) = SIGSEGV/SEGV_MAPERR at mmap-0x2000
load(mmap-0x2010, 0x10) = 0x41
load(mmap-0x2010, 0x20) = SIGSEGV/SEGV_MAPERR at mmap-0x2000
