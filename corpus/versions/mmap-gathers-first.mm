# With mmap-gathers-first (mmap_region):
# a fixed mmap checks limits before it removes what it replaces.
requires: rule=mmap-gathers-first

mmap(stack-0x21000, 0x21000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_GROWSDOWN, -1, 0) = stack-0x21000
setrlimit(RLIMIT_AS, 0, RLIM_INFINITY) = 0
mmap(stack-0x3000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = -ENOMEM
