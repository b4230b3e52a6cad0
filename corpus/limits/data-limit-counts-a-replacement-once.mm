# Until 6.11 RLIMIT_DATA is tested once, before what the new mapping replaces is
# unmapped: the replaced page counts for nothing, not twice.
requires: !rule=mmap-gathers-first

mmap(mmap-0x4000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x4000
mmap(mmap-0x8000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x8000
setrlimit(RLIMIT_DATA, 0x2000, RLIM_INFINITY) = 0
mmap(mmap-0x8000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x8000
