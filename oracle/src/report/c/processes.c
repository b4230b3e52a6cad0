/* Which process of the program this is. */
static int me;

/* Waits until this operation comes, if it is for this process to perform. */
static int my_turn(int process, int step)
{
	if (me != process)
		return 0;
	while (common.turn != step)
		usleep(50);
	return 1;
}

static void pass_on(int process, int step)
{
	if (me == process)
		common.turn = step + 1;
}

HELPER void forked(pid_t pid, int child)
{
	if (pid < 0) {
		got = number(FAILED, errno);
		return;
	}
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		me = child;
		alarm(20);
	}
	got = number(CHILD, child);
}

HELPER void leave(int step)
{
	common.leaving = getpid();
	common.turn = -1 - step;
	_exit(0);
}

/* The first process waits until the memory of the one that leaves is gone. */
HELPER void wait_for_exit(int step)
{
	if (me != 0)
		return;
	while (common.turn != -1 - step)
		usleep(50);
	while (kill(common.leaving, 0) == 0)
		usleep(50);
	common.turn = step + 1;
}
