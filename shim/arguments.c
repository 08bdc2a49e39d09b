/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shim/arguments.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"

/* Those that take a value, with what is done to it; all others are flags. */
enum treatment { PASS, BUNDLE, PID_FILE, SOCKET };
struct option {
	const char *name;
	enum treatment treatment;
};

static const struct option global_options[] = {
	{"root", PASS}, {"log", PASS}, {"log-format", PASS}, {"log-level", PASS}, {"criu", PASS},
	{"rootless", PASS}, {"cgroup-manager", PASS}, {NULL, PASS},
};
/* Of create, run and restore together: none means one thing here and another there. */
static const struct option command_options[] = {
	{"bundle", BUNDLE}, {"b", BUNDLE}, {"pid-file", PID_FILE}, {"console-socket", SOCKET},
	{"pidfd-socket", SOCKET}, {"preserve-fds", PASS}, {"config", PASS}, {"f", PASS},
	{"image-path", SOCKET}, {"work-path", SOCKET}, {"parent-path", SOCKET}, {"manage-cgroups-mode", PASS},
	{"empty-ns", PASS}, {"lsm-profile", PASS}, {"lsm-mount-context", PASS}, {"status-fd", PASS},
	{NULL, PASS},
};
/* Their flags, which may be written with one dash too. */
static const struct option command_flags[] = {
	{"detach", PASS}, {"no-pivot", PASS}, {"no-new-keyring", PASS}, {"no-subreaper", PASS}, {"keep", PASS},
	{"tcp-established", PASS}, {"ext-unix-sk", PASS}, {"shell-job", PASS}, {"file-locks", PASS},
	{"auto-dedup", PASS}, {"lazy-pages", PASS}, {"help", PASS}, {NULL, PASS},
};

/* The word's option name without dashes and value: its length, or 0 when it is none. */
static size_t option_name(const char *word, const char **ret_name)
{
	const char *name = word;

	if (*name != '-')
		return 0;
	name++;
	if (*name == '-')
		name++;
	*ret_name = name;
	return strcspn(name, "=");
}

static const struct option *find(const struct option *table, const char *name, size_t length)
{
	for (; table->name; table++)
		if (strlen(table->name) == length && strncmp(table->name, name, length) == 0)
			return table;
	return NULL;
}

/* The value of the option at argv[*i], stepping over it where it is a word of its own. */
static const char *value_of(int argc, char **argv, int *i, const char *name, size_t length)
{
	if (name[length] == '=')
		return name + length + 1;
	return *i + 1 < argc ? argv[++*i] : NULL;
}

static bool is(const char *name, size_t length, const char *wanted)
{
	return strlen(wanted) == length && strncmp(name, wanted, length) == 0;
}

static int parse_global(struct arguments *a)
{
	int i;

	for (i = 1; i < a->argc; i++) {
		const char *name, *value;
		size_t length = option_name(a->argv[i], &name);

		if (!length)
			break;
		if (is(name, length, "systemd-cgroup"))
			a->systemd_cgroup = name[length] != '=' || strcmp(name + length, "=false") != 0;
		if (!find(global_options, name, length))
			continue;
		value = value_of(a->argc, a->argv, &i, name, length);
		if (is(name, length, "root"))
			a->root = value;
		else if (is(name, length, "log"))
			a->log = value;
		else if (is(name, length, "log-format"))
			a->log_format = value;
		else if (is(name, length, "cgroup-manager"))
			a->systemd_cgroup = value && strcmp(value, "systemd") == 0;
	}
	return i;
}

/* crun takes "-bDIR", "-dbDIR" and "--bun=DIR" for --bundle; runc takes "-detach" for --detach. What could be either
 * is not passed on: it would override what we say in its place. */
static bool unclear(const char *word, const char *name, size_t length)
{
	if (name == word + 1)
		return length > 1 && !find(command_options, name, length) && !find(command_flags, name, length);
	if (find(command_options, name, length))
		return false;
	for (const struct option *option = command_options; option->name; option++)
		if (strncmp(option->name, name, length) == 0)
			return true;
	return false;
}

bool arguments_make_container(const struct arguments *a)
{
	static const char *const commands[] = {"create", "run", "restore"};

	for (size_t i = 0; a->command && i < ARRAY_SIZE(commands); i++)
		if (strcmp(a->command, commands[i]) == 0)
			return true;
	return false;
}

static void parse_command(struct arguments *a, int i)
{
	bool makes = arguments_make_container(a), options_end = false;

	for (; i < a->argc; i++) {
		const char *name, *value;
		size_t length = options_end ? 0 : option_name(a->argv[i], &name);

		if (!options_end && strcmp(a->argv[i], "--") == 0) {
			options_end = true;
			continue;
		}
		if (!length) {
			if (!a->id)
				a->id = a->argv[i];
			continue;
		}
		if (!makes)
			continue; /* there the same letters are flags: delete -f */
		if (!a->unclear && unclear(a->argv[i], name, length))
			a->unclear = a->argv[i];
		if (is(name, length, "detach") || is(name, length, "d"))
			a->detach = name[length] != '=' || strcmp(name + length, "=false") != 0;
		if (!find(command_options, name, length))
			continue;
		value = value_of(a->argc, a->argv, &i, name, length);
		if (is(name, length, "bundle") || is(name, length, "b"))
			a->bundle = value;
		else if (is(name, length, "pid-file"))
			a->pid_file = value;
		else if (is(name, length, "config") || is(name, length, "f"))
			a->config = value;
	}
}

void arguments_parse(int argc, char **argv, struct arguments *ret_arguments)
{
	struct arguments a = {.argc = argc, .argv = argv};
	int i = parse_global(&a);

	if (i < argc) {
		a.command = argv[i];
		a.command_at = i;
		parse_command(&a, i + 1);
	}
	*ret_arguments = a;
}

static char *absolute(const char *path, const char *directory)
{
	char *text;

	if (*path == '/')
		return strdup(path);
	return asprintf(&text, "%s/%s", directory, path) < 0 ? NULL : text;
}

static bool add(char **argv, int *count, char *word)
{
	argv[*count] = word;
	if (word)
		++*count;
	return word != NULL;
}

int arguments_rewrite(const struct arguments *a, const char *runtime, const char *bundle,
		      const char *old_bundle, const char *pid_file, char ***ret_argv, struct error *err)
{
	char **argv = calloc((size_t)a->argc * 2 + 6, sizeof *argv);
	int count = 0;
	bool ok = argv && add(argv, &count, strdup(runtime));

	for (int i = 1; ok && i <= a->command_at; i++)
		ok = add(argv, &count, strdup(a->argv[i]));
	ok = ok && add(argv, &count, strdup("--bundle")) && add(argv, &count, strdup(bundle)) &&
	     add(argv, &count, strdup("--pid-file")) && add(argv, &count, strdup(pid_file));
	for (int i = a->command_at + 1; ok && i < a->argc; i++) {
		const char *name = NULL, *value;
		size_t length = option_name(a->argv[i], &name);
		const struct option *option = length ? find(command_options, name, length) : NULL;
		const char *word = a->argv[i];

		if (!option) {
			ok = add(argv, &count, strdup(word));
			continue;
		}
		value = value_of(a->argc, a->argv, &i, name, length);
		if (option->treatment == BUNDLE || option->treatment == PID_FILE)
			continue;
		/* Written as two words: "--name" "value". */
		char *dashed = NULL;

		ok = asprintf(&dashed, "%s%.*s", length == 1 ? "-" : "--", (int)length, name) >= 0 &&
		     add(argv, &count, dashed);
		if (ok && value)
			ok = add(argv, &count, option->treatment == SOCKET ? absolute(value, old_bundle) :
									     strdup(value));
	}
	if (!ok) /* the program ends now: nothing is freed */
		return error_set(err, ENOMEM, "make the runtime's command line: out of memory");
	*ret_argv = argv;
	return 0;
}
