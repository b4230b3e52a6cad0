# Neighbours that were touched while apart have an anon_vma each, and never merge
# although they look the same.

mmap(mmap-0x3000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x3000
store(mmap-0x3000, 0x1, 0x01) = 0
mmap(mmap-0x1000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x1000
store(mmap-0x1000, 0x1, 0x01) = 0
mmap(mmap-0x2000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x2000  # joins the lower one only
