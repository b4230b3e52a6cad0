/*
 * Starts again with arguments, a letter for each page of the stack that they are
 * on, and with randomisation: only then does the kernel move them.
 */
static void begin(char **argv)
{
	static char *arguments[EXEC_BYTES / MAX_ARGUMENT + 3] = { EXEC_NAME };
	char *none[] = { NULL };
	unsigned long depth = EXEC_DEPTH, left = EXEC_BYTES, len;
	struct rlimit limit;

	if (!strcmp(argv[0], EXEC_NAME))
		return;
	for (int n = 1; left; n++) {
		len = left < MAX_ARGUMENT ? left : MAX_ARGUMENT;
		arguments[n] = calloc(len, 1);
		if (!arguments[n])
			die("calloc");
		for (unsigned long at = 0; at + 1 < len; at++)
			arguments[n][at] = 'a' + (depth - at - 1) / PAGE % 26;
		depth -= len;
		left -= len;
	}
	if (personality(0) == -1 || getrlimit(RLIMIT_STACK, &limit))
		die("personality");
	limit.rlim_cur = EXEC_STACK;
	setrlimit(RLIMIT_STACK, &limit);
	/* the number is part of what the kernel writes: /dev/fd/5 */
	if (dup3(open("/proc/self/exe", O_RDONLY | O_CLOEXEC), 5, O_CLOEXEC) != 5)
		die("open");
	syscall(SYS_execveat, 5, "", arguments, none, AT_EMPTY_PATH);
	die("exec");
}
