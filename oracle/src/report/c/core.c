#define PAGE 4096UL
#define ANY (-1000)
#define HELPER static __attribute__((unused))

enum kind { NOTHING, VALUE, ADDRESS, FAILED, SIGNAL, UNIFORM, MIXED, RUNS, CHILD };

/* What came, or should come, of one operation. */
struct outcome {
	enum kind kind;
	unsigned long value;
	int code;
	int any_address;
	unsigned long address;
	/* Of a signal: the exception behind it, ANY if that does not matter. */
	int trap, error, key;
	char runs[4200];
};

/* What the processes have in common. */
static struct common {
	volatile int turn;
	volatile int leaving;
	volatile int verdict;
	char rest[PAGE - 3 * sizeof(int)];
} common __attribute__((aligned(4096)));

static struct outcome got;
static char *mmap_base, *heap_base, *stack_base;

HELPER struct outcome number(enum kind kind, unsigned long value)
{
	struct outcome o;

	memset(&o, 0, sizeof(o));
	o.kind = kind;
	o.value = value;
	return o;
}

HELPER struct outcome address(const void *p)
{
	return number(ADDRESS, (unsigned long)p);
}

HELPER struct outcome signalled(int signal, int code, int any_address, const void *p)
{
	struct outcome o = number(SIGNAL, signal);

	o.code = code;
	o.any_address = any_address;
	o.address = (unsigned long)p;
	o.trap = o.error = ANY;
	return o;
}

HELPER struct outcome trapped(struct outcome o, int trap, int error, int key)
{
	o.trap = trap;
	o.error = error;
	o.key = key;
	return o;
}

HELPER struct outcome runs(const char *text)
{
	struct outcome o = number(RUNS, 0);

	snprintf(o.runs, sizeof(o.runs), "%s", text);
	return o;
}

HELPER void called(long result)
{
	got = result == -1 ? number(FAILED, errno) : number(VALUE, result);
}

HELPER void called_address(void *result)
{
	got = result == MAP_FAILED ? number(FAILED, errno) : address(result);
}

HELPER int same(const struct outcome *a, const struct outcome *wanted)
{
	if (a->kind != wanted->kind || a->value != wanted->value)
		return 0;
	if (a->kind == SIGNAL)
		return (wanted->code == ANY || a->code == wanted->code) &&
		       (wanted->any_address || a->address == wanted->address) &&
		       (wanted->trap == ANY || (a->trap == wanted->trap &&
		       a->error == wanted->error && a->key == wanted->key));
	return strcmp(a->runs, wanted->runs) == 0;
}

HELPER void show(const char *what, const struct outcome *o)
{
	switch (o->kind) {
	case FAILED:
		dprintf(2, "%s: error %lu (%s)\n", what, o->value, strerror(o->value));
		break;
	case SIGNAL:
		dprintf(2, "%s: signal %lu, code %d, address %#lx", what, o->value, o->code,
			o->address);
		if (o->trap != ANY)
			dprintf(2, ", trap %d, error %#x, key %d", o->trap, o->error, o->key);
		dprintf(2, "\n");
		break;
	case RUNS:
		dprintf(2, "%s: pages [%s]\n", what, o->runs);
		break;
	case MIXED:
		dprintf(2, "%s: bytes with digest %#lx\n", what, o->value);
		break;
	default:
		dprintf(2, "%s: %#lx\n", what, o->value);
	}
}

/* An operation before the one that matters: say so if it is different. */
HELPER void expect(int step, struct outcome expected)
{
	if (same(&got, &expected))
		return;
	dprintf(2, "operation %d differs:\n", step);
	show("  expected", &expected);
	show("  got", &got);
}

/* The operation that matters. */
HELPER void decide(struct outcome expected, struct outcome actual)
{
	show("should be", &expected);
	show("is", &got);
	common.verdict = same(&got, &actual) ? 1 : same(&got, &expected) ? 0 : 2;
}

HELPER void decide_text(const char *expected, const char *actual, const char *found)
{
	dprintf(2, "should be: %s\nis: %s\n", expected, found);
	common.verdict = !strcmp(found, actual) ? 1 : !strcmp(found, expected) ? 0 : 2;
}

HELPER void decide_number(long expected, long actual, long found)
{
	dprintf(2, "should be: %#lx\nis: %#lx\n", expected, found);
	common.verdict = found == actual ? 1 : found == expected ? 0 : 2;
}

static void too_late(int signal)
{
	static const char text[] = "no end after 20 seconds\n";

	(void)signal;
	if (write(2, text, sizeof(text) - 1) < 0)
		_exit(3);
	_exit(2);
}

HELPER void die(const char *what)
{
	perror(what);
	_exit(2);
}
