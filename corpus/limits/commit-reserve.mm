# With vm.overcommit_memory 2 a reserve is kept for CAP_SYS_ADMIN (vm.admin_reserve_kbytes). It
# is as large as the limit here, so that nothing is left for a user.
requires: user overcommit=2 overcommit-kbytes=1048576 admin-reserve-kbytes=2097152

mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -ENOMEM
mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
brk(heap+0x1000) = heap
