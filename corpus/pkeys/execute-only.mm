# Where the processor has protection keys, memory that is to be executed only gets a
# key by which its data cannot be accessed (execute_only_pkey). Reads and writes then
# fail with SEGV_PKUERR, before it is asked whether the mapping permits them. Any other
# protection takes the key away again.
requires: pkeys

mmap(mmap-0x3000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
store(mmap-0x3000, 0x1000, 0xc3) = 0
mprotect(mmap-0x3000, 0x2000, PROT_EXEC) = 0
call(mmap-0x3000) = 0
load(mmap-0x3000, 0x1) = SIGSEGV/SEGV_PKUERR at mmap-0x3000
store(mmap-0x3000, 0x1, 0x41) = SIGSEGV/SEGV_PKUERR at mmap-0x3000
load(mmap-0x2010, 0x20) = SIGSEGV/SEGV_PKUERR at mmap-0x2010  # nor where nothing is populated
mprotect(mmap-0x3000, 0x1000, PROT_READ|PROT_EXEC) = 0
load(mmap-0x3000, 0x1000) = 0xc3
mprotect(mmap-0x2000, 0x1000, PROT_READ|PROT_EXEC) = 0  # the two are one mapping again
mprotect(mmap-0x3000, 0x2000, PROT_NONE) = 0
load(mmap-0x3000, 0x1) = SIGSEGV/SEGV_ACCERR at mmap-0x3000
