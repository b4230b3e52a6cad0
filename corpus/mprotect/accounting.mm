# Read-only private memory is not charged; making it writable charges it (VmFlags "ac").
# Making it read-only again gives the charge back if it was never touched, and keeps it
# otherwise.
requires: rule=mprotect-drops-account

mmap(NULL, 0x2000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
mprotect(mmap-0x2000, 0x2000, PROT_READ|PROT_WRITE)
mprotect(mmap-0x2000, 0x2000, PROT_READ)
mprotect(mmap-0x2000, 0x1000, PROT_READ|PROT_WRITE)
store(mmap-0x2000, 0x1, 0x1)
mprotect(mmap-0x2000, 0x1000, PROT_READ)   # stays charged, so two mappings remain
