# With mseal (do_mseal):
# the mseal system call exists.
requires: rule=mseal

mseal(mmap-0x11ff000, 0x1000, 0) = -ENOMEM
