/* Addresses have to be the same every time: starts again without randomisation. */
static void begin(char **argv)
{
	if (personality(0xffffffff) & ADDR_NO_RANDOMIZE)
		return;
	if (personality(ADDR_NO_RANDOMIZE) == -1)
		die("personality");
	execv("/proc/self/exe", argv);
	die("exec");
}
