# A known difference (mmdiff known). A stack that is not accounted grows: the growth is
# charged (acct_stack_growth), and nothing gives that back. It shows in Committed_AS, where the counts of the system are
# compared: in guests.

mmap(mmap-0x1000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_GROWSDOWN|MAP_NORESERVE, -1, 0) = mmap-0x1000
store(mmap-0x2000, 0x1, 0x01) = 0
