/*
 * Finds the heap, the stack, and the place below which the kernel puts
 * mappings. Free space between the libraries is filled, so that the first
 * mapping ends exactly at mmap_base, which lies at the same place within 1 GiB
 * as it did when the difference was found.
 */
static void find_bases(void)
{
	const unsigned long probe = (2UL << 30) + PAGE;
	const int none = MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE;
	struct mapping m;
	char *top, *page;

	heap_base = sbrk(0);
	open_file("/proc/self/maps");
	for (char *line; (line = next_line());)
		if (is_mapping(line, &m) && !strcmp(m.name, "[stack]"))
			stack_base = (char *)m.end;
	top = mmap(NULL, probe, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (top == MAP_FAILED || munmap(top, probe))
		die("mmap");
	top += probe;
	for (int i = 0; i < 4096; i++) {
		page = mmap(NULL, PAGE, PROT_NONE, none, -1, 0);
		if (page == MAP_FAILED)
			die("mmap");
		if (page < top)
			break;
	}
	munmap(page, PAGE);
	mmap_base = page - ((unsigned long)page - MMAP_RESIDUE) % (1UL << 30);
	if (mmap(mmap_base, top - mmap_base, PROT_NONE, none | MAP_FIXED, -1, 0) == MAP_FAILED)
		die("mmap");
}
