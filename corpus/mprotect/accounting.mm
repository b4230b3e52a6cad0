# Read-only private memory is not charged; making it writable charges it (VmFlags "ac").
# Making it read-only again gives the charge back if it was never touched, and keeps it
# otherwise.
requires: rule=mprotect-drops-account

mmap(NULL, 0x2000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
mprotect(mmap-0x2000, 0x2000, PROT_READ|PROT_WRITE) = 0
mprotect(mmap-0x2000, 0x2000, PROT_READ) = 0
mprotect(mmap-0x2000, 0x1000, PROT_READ|PROT_WRITE) = 0
store(mmap-0x2000, 0x1, 0x01) = 0
mprotect(mmap-0x2000, 0x1000, PROT_READ) = 0  # stays charged, so two mappings remain
