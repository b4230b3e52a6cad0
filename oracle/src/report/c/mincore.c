/* mincore, its answer as runs of pages: value x count. */
static void resident(void *p, unsigned long len)
{
	static unsigned char pages[1024];
	unsigned long count = (len + PAGE - 1) / PAGE;
	int at = 0;

	if (mincore(p, len, pages) != 0) {
		got = number(FAILED, errno);
		return;
	}
	got = number(RUNS, 0);
	for (unsigned long i = 0, run; i < count; i += run) {
		for (run = 1; i + run < count && pages[i + run] == pages[i]; run++)
			;
		at += snprintf(got.runs + at, sizeof(got.runs) - at, "%s%ux%lu", i ? " " : "",
			       pages[i], run);
	}
}
