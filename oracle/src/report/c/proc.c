static struct {
	int fd;
	ssize_t at, end;
	char buffer[1 << 14];
	char line[1 << 13];
} file;

static void open_file(const char *path)
{
	file.fd = open(path, O_RDONLY | O_CLOEXEC);
	if (file.fd < 0)
		die(path);
	file.at = file.end = 0;
}

/* The next line of the file, NULL at its end. */
static char *next_line(void)
{
	for (size_t len = 0;;) {
		if (file.at == file.end) {
			file.end = read(file.fd, file.buffer, sizeof(file.buffer));
			file.at = 0;
			if (file.end <= 0) {
				close(file.fd);
				return NULL;
			}
		}
		char c = file.buffer[file.at++];

		if (c == '\n' || len + 1 == sizeof(file.line)) {
			file.line[len] = 0;
			return file.line;
		}
		file.line[len++] = c;
	}
}

struct mapping {
	unsigned long start, end;
	char perms[8];
	char name[160];
};

static int is_mapping(const char *line, struct mapping *m)
{
	m->name[0] = 0;
	return sscanf(line, "%lx-%lx %4s %*x %*s %*u %159[^\n]", &m->start, &m->end, m->perms,
		      m->name) >= 3;
}

/* Reads maps or smaps up to the mapping that holds the address. */
static int seek(const char *path, const void *at, struct mapping *m)
{
	open_file(path);
	for (char *line; (line = next_line());)
		if (is_mapping(line, m) && m->start <= (unsigned long)at && (unsigned long)at < m->end)
			return 1;
	return 0;
}

HELPER void mapping_text(char *text, size_t size, const void *start, const void *end,
			 const char *perms, const char *name)
{
	snprintf(text, size, "%lx-%lx %s %s", (unsigned long)start, (unsigned long)end, perms, name);
}

HELPER void mapping_at(char *text, size_t size, const void *at)
{
	struct mapping m;

	snprintf(text, size, "no mapping");
	if (seek("/proc/self/maps", at, &m)) {
		mapping_text(text, size, (void *)m.start, (void *)m.end, m.perms, m.name);
		close(file.fd);
	}
}

/* What follows a field's name and colon in a mapping's part of smaps. */
HELPER const char *smaps_text(const void *at, const char *field)
{
	struct mapping m;

	if (!seek("/proc/self/smaps", at, &m))
		return "no mapping";
	for (char *line; (line = next_line()) && !is_mapping(line, &m);) {
		size_t len = strlen(field);

		if (strncmp(line, field, len) || line[len] != ':')
			continue;
		close(file.fd);
		line += len + 1 + strspn(line + len + 1, " ");
		for (len = strlen(line); len && line[len - 1] == ' '; len--)
			line[len - 1] = 0;
		return line;
	}
	return "no such field";
}

/* Whether mappings are marked when they are written to: a new one always is. */
HELPER int tracks_soft_dirty(void)
{
	int marked = 0;

	open_file("/proc/self/smaps");
	for (char *line; (line = next_line());)
		marked |= !strncmp(line, "VmFlags:", 8) && strstr(line, " sd");
	return marked;
}

/* The flags of a mapping, as far as they are among some. */
HELPER void decide_flags(const char *expected, const char *actual, const void *at,
			 const char *only)
{
	static char found[256];
	char flags[256], *rest = flags;

	if (strstr(only, "sd") && !tracks_soft_dirty()) {
		dprintf(2, "this kernel does not track soft-dirty pages\n");
		common.verdict = 2;
		return;
	}
	snprintf(flags, sizeof(flags), "%s", smaps_text(at, "VmFlags"));
	if (!strncmp(flags, "no ", 3)) {
		decide_text(expected, actual, flags);
		return;
	}
	for (char *flag; (flag = strtok_r(rest, " ", &rest));)
		if (strstr(only, flag))
			snprintf(found + strlen(found), sizeof(found) - strlen(found), "%s%s",
				 found[0] ? " " : "", flag);
	dprintf(2, "of the flags %s\n", only);
	decide_text(expected, actual, found);
}

HELPER long smaps_number(const void *at, const char *field)
{
	return strtol(smaps_text(at, field), NULL, 10);
}

HELPER long status_number(const char *field)
{
	size_t len = strlen(field);
	long value = -1;

	open_file("/proc/self/status");
	for (char *line; (line = next_line());)
		if (!strncmp(line, field, len) && line[len] == ':')
			value = strtol(line + len + 1, NULL, 10);
	return value;
}

HELPER long pagemap(const void *at)
{
	unsigned long entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || pread(fd, &entry, 8, (unsigned long)at / PAGE * 8) != 8)
		die("pagemap");
	close(fd);
	return entry;
}

/* The bytes of a page, whatever its protection. */
HELPER void page_bytes(const void *at, unsigned char *bytes)
{
	int fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || pread(fd, bytes, PAGE, (unsigned long)at) != (ssize_t)PAGE)
		die("mem");
	close(fd);
}
