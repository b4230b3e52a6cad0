# With vm.overcommit_memory 2 MAP_NORESERVE is ignored (do_mmap): the memory is charged
# like any other (ac in VmFlags) and merges with it.
requires: overcommit=2 overcommit-kbytes=8388608

mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = mmap-0x2000
