# fork takes from pages that they are exclusive (kpageflags shows it as MAPPEDTODISK or
# OWNER_2). A write gives it back to who copies, and to who is left alone with the page
# once the other is gone.

mmap(mmap-0x2000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
store(mmap-0x2000, 0x2000, 0x41) = 0
fork() = p1
p1: store(mmap-0x2000, 0x1000, 0x42) = 0
store(mmap-0x2000, 0x1000, 0x43) = 0
p1: exit() = exited
store(mmap-0x1000, 0x1, 0x44) = 0
