# What vm.admin_reserve_kbytes keeps from users is there for CAP_SYS_ADMIN.
requires: root overcommit=2 overcommit-kbytes=1048576 admin-reserve-kbytes=2097152

mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
brk(heap+0x1000) = heap+0x1000
