# Until 6.11 a fixed mmap unmapped its range before the commit charge was tested
# (mmap_region), so that a failure leaves a hole. RLIMIT_AS and RLIMIT_DATA were tested
# before that, less the pages that are replaced; their failure changes nothing.
requires: version<6.12 overcommit=0 total-pages=64

mmap(mmap-0x50000, 0xa000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x50000
mmap(mmap-0x3c000, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x3c000
# over the commit limit: what was there is gone
mmap(mmap-0x50000, 0x41000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = -ENOMEM
load(mmap-0x50000, 0x1) = SIGSEGV/SEGV_MAPERR at mmap-0x50000
load(mmap-0x3c000, 0x1) = SIGSEGV/SEGV_MAPERR at mmap-0x3c000
# over RLIMIT_DATA: nothing is gone
mmap(mmap-0x50000, 0xa000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x50000
setrlimit(RLIMIT_DATA, 0x10000, RLIM_INFINITY) = 0
mmap(mmap-0x50000, 0x11000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = -ENOMEM
load(mmap-0x50000, 0x1) = 0x00
# exactly the limit, beginning within a mapping; then one page too much, ending within one
mmap(mmap-0x4b000, 0xb000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x4b000
mmap(mmap-0x51000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = -ENOMEM
