# status counts a mapping as code (VmLib), as stack (VmStk) or as data (VmData), in this
# order: code is executable and not writable, a stack grows, data is private and writable.
# Memory that may only be read is in VmSize alone.

mmap(mmap-0x100000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x100000
mmap(mmap-0x202000, 0x2000, PROT_READ|PROT_EXEC, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x202000
mmap(mmap-0x304000, 0x4000, PROT_READ|PROT_WRITE|PROT_EXEC, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x304000
mmap(mmap-0x408000, 0x8000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x408000
mmap(mmap-0x810000, 0x10000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_GROWSDOWN, -1, 0) = mmap-0x810000
mmap(mmap-0xc20000, 0x20000, PROT_READ|PROT_EXEC, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_GROWSDOWN, -1, 0) = mmap-0xc20000
munmap(mmap-0x202000, 0x1000) = 0
mprotect(mmap-0x304000, 0x1000, PROT_READ|PROT_EXEC) = 0
