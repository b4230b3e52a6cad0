# msync writes nothing back for anonymous memory, but tests its arguments and the range.

mmap(mmap-0x4000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x4000
mmap(mmap-0x2000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x2000
msync(mmap-0x4000, 0x1000, 0) = 0
msync(mmap-0x4000, 0x1000, MS_ASYNC|MS_SYNC) = -EINVAL
msync(mmap-0x4000, 0x1000, 0x8) = -EINVAL
msync(mmap-0x3fff, 0x1000, MS_SYNC) = -EINVAL
msync(mmap-0x4000, 0x3000, MS_SYNC) = -ENOMEM
mlock(mmap-0x4000, 0x1000) = 0
msync(mmap-0x4000, 0x1000, MS_INVALIDATE) = -EBUSY
