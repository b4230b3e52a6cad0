static sigjmp_buf recover;
static volatile sig_atomic_t accessing;
static volatile char *access_at;
static unsigned long access_len;
static unsigned char access_value;

static void on_fault(int signal, siginfo_t *info, void *context)
{
	const ucontext_t *interrupted = context;

	if (!accessing) {
		dprintf(2, "unexpected signal %d at %p\n", signal, info->si_addr);
		_exit(2);
	}
	got = signalled(signal, info->si_code, 0, info->si_addr);
	got.trap = interrupted->uc_mcontext.gregs[REG_TRAPNO];
	got.error = interrupted->uc_mcontext.gregs[REG_ERR];
	if (signal == SIGSEGV && info->si_code == SEGV_PKUERR)
		got.key = info->si_pkey;
	siglongjmp(recover, 1);
}

/* Runs body, which may fault: then got is the signal. */
static void attempt(void (*body)(void))
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGTRAP };
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_sigaction = on_fault;
	action.sa_flags = SA_SIGINFO;
	for (unsigned int i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
	accessing = 1;
	if (sigsetjmp(recover, 1) == 0)
		body();
	accessing = 0;
}

/* A run of equal bytes, mixed into a digest. */
HELPER unsigned long mixed_in(unsigned long hash, unsigned char byte, unsigned long end)
{
	hash = (hash ^ (end << 8 | byte)) * 0x9e3779b97f4a7c15UL;
	return hash ^ hash >> 32;
}

/* The bytes as one value when they are all the same, as a digest otherwise. */
HELPER struct outcome contents(volatile char *p, unsigned long len)
{
	unsigned long hash = 0;
	unsigned char last = 0;
	int mixed = 0;

	for (unsigned long i = 0; i < len; i++) {
		unsigned char byte = p[i];

		if (i > 0 && byte != last) {
			hash = mixed_in(hash, last, i);
			mixed = 1;
		}
		last = byte;
	}
	return mixed ? number(MIXED, mixed_in(hash, last, len)) : number(UNIFORM, last);
}

HELPER void load_body(void)
{
	got = contents(access_at, access_len);
}

HELPER void store_body(void)
{
	unsigned long first = (unsigned long)access_at / PAGE;

	for (unsigned long i = 0; i < access_len; i++)
		access_at[i] = access_value + ((unsigned long)(access_at + i) / PAGE - first);
	got = number(VALUE, 0);
}

HELPER void call_body(void)
{
	((void (*)(void))access_at)();
	got = number(VALUE, 0);
}

/* Reads every byte, lowest first. */
HELPER void load(void *p, unsigned long len)
{
	access_at = p;
	access_len = len;
	attempt(load_body);
}

/* Fills the bytes, lowest first, each page with the next value. */
HELPER void store(void *p, unsigned long len, unsigned char value)
{
	access_at = p;
	access_len = len;
	access_value = value;
	attempt(store_body);
}

/* Calls a function that should be a single ret. */
HELPER void call(void *p)
{
	access_at = p;
	attempt(call_body);
}
