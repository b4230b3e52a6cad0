/* mincore, its answer as runs of pages: value x count. */
static void resident(void *p, unsigned long len)
{
	static unsigned char pages[1024 + 8];
	unsigned long count = (len + PAGE - 1) / PAGE, end;
	int at = 0;

	/* What is not written shows, and so does what is written behind the answer. */
	memset(pages, 0x5a, sizeof(pages));
	if (count > 1024)
		count = 0;
	got = number(VALUE, 0);
	if (mincore(p, len, pages) != 0)
		got = number(FAILED, errno);
	for (end = count + 8; end > count && pages[end - 1] == 0x5a; end--)
		;
	if (got.kind == FAILED && end == count)
		return;
	count = end;
	got = number(RUNS, 0);
	for (unsigned long i = 0, run; i < count; i += run) {
		for (run = 1; i + run < count && pages[i + run] == pages[i]; run++)
			;
		at += snprintf(got.runs + at, sizeof(got.runs) - at, "%s%ux%lu", i ? " " : "",
			       pages[i], run);
	}
}
