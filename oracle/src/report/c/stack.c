static ucontext_t before, during;
static char own_stack[1 << 18] __attribute__((aligned(4096)));

/* Runs the program on a stack of its own, the real one removed. */
static void run_elsewhere(void)
{
	struct mapping m;

	if (seek("/proc/self/maps", stack_base - 1, &m)) {
		close(file.fd);
		munmap((void *)m.start, m.end - m.start);
	}
	run();
	_exit(common.verdict);
}
