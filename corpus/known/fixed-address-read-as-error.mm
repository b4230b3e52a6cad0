# A known difference (mmdiff known). An address beyond the address space is ENOMEM; with
# a fixed address in the last 4095 bytes the kernel mistakes the address itself for an
# error.

mmap(0xffffffffffffffff, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = -ENOMEM
