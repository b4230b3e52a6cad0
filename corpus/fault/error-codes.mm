# The handler of a signal is told what the processor met. The error code of a page fault
# (trap 14) has bit 0 where a present entry was in the way, 1 for a write, 2 for the user,
# 4 for a fetch. Without permission for anything an entry is not present to the processor.
# A page that may be read is there before a fetch from it is refused. Of its own half the
# kernel gives nothing away; an address in neither half is a general protection fault.

mmap(mmap-0x8000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x8000
load(mmap-0x9000, 0x1) = SIGSEGV/SEGV_MAPERR at mmap-0x9000 trap 14 error 0x4
store(mmap-0x9000, 0x1, 0x01) = SIGSEGV/SEGV_MAPERR at mmap-0x9000 trap 14 error 0x6
call(mmap-0x9000) = SIGSEGV/SEGV_MAPERR at mmap-0x9000 trap 14 error 0x14
store(mmap-0x8000, 0x1, 0x01) = 0
mprotect(mmap-0x8000, 0x2000, PROT_READ) = 0
store(mmap-0x8000, 0x1, 0x01) = SIGSEGV/SEGV_ACCERR at mmap-0x8000 trap 14 error 0x7
store(mmap-0x7000, 0x1, 0x01) = SIGSEGV/SEGV_ACCERR at mmap-0x7000 trap 14 error 0x6
call(mmap-0x7000) = SIGSEGV/SEGV_ACCERR at mmap-0x7000 trap 14 error 0x15
store(mmap-0x7000, 0x1, 0x01) = SIGSEGV/SEGV_ACCERR at mmap-0x7000 trap 14 error 0x7
mprotect(mmap-0x8000, 0x2000, PROT_NONE) = 0
load(mmap-0x8000, 0x1) = SIGSEGV/SEGV_ACCERR at mmap-0x8000 trap 14 error 0x4
load(0xffff800000000000, 0x1) = SIGSEGV/SEGV_MAPERR at 0xffff800000000000 trap 14 error 0x5
store(0xffffffffffffffff, 0x1, 0x01) = SIGSEGV/SEGV_MAPERR at 0xffffffffffffffff trap 14 error 0x7
load(0x8000000000000000, 0x1) = SIGSEGV/SI_KERNEL at NULL trap 13 error 0
