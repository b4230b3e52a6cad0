# With map-stack-nohugepage (calc_vm_flag_bits):
# MAP_STACK sets VM_NOHUGEPAGE.
requires: rule=map-stack-nohugepage

mmap(mmap-0x11ff000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_STACK, -1, 0) = mmap-0x11ff000
