# A fork charges what the child gets once more, mapping by mapping (dup_mmap): with
# vm.overcommit_memory 2 it fails where that is beyond the limit, and not where the mapping is
# left out (MADV_DONTFORK).
requires: root overcommit=2 overcommit-kbytes=1048576

mmap(mmap-0x28000000, 0x28000000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x28000000
fork() = -ENOMEM
madvise(mmap-0x28000000, 0x28000000, MADV_DONTFORK) = 0
fork() = p1
p1: exit() = exited
