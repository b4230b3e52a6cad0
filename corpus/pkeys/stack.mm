# A stack grows to the address of an access before the access is refused.
requires: pkeys

mmap(mmap-0x200000, 0x1000, PROT_EXEC, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_GROWSDOWN, -1, 0) = mmap-0x200000
load(mmap-0x202000, 0x1) = SIGSEGV/SEGV_PKUERR at mmap-0x202000
munmap(mmap-0x202000, 0x1000) = 0
