int main(int argc, char **argv)
{
	(void)argc;
	/* addresses have to be the same every time: start again without randomisation */
	if (!(personality(0xffffffff) & ADDR_NO_RANDOMIZE)) {
		if (personality(ADDR_NO_RANDOMIZE) == -1)
			die("personality");
		execv("/proc/self/exe", argv);
		die("exec");
	}
	prctl(PR_SET_THP_DISABLE, 1UL, 0UL, 0UL, 0UL);
	signal(SIGALRM, too_late);
	signal(SIGCHLD, SIG_IGN);
	alarm(20);
	find_bases();
