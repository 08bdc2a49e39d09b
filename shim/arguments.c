/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shim/arguments.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"

enum { FLAG = false, VALUE = true };

static const struct option_kind global_options[] = {
	{"root", VALUE, PLAIN}, {"log", VALUE, PLAIN}, {"log-format", VALUE, PLAIN}, {"log-level", VALUE, PLAIN},
	{"criu", VALUE, PLAIN}, {"rootless", VALUE, PLAIN}, {"cgroup-manager", VALUE, PLAIN}, {NULL, FLAG, PLAIN},
};
/* Of create, run and restore together: none means one thing here and another there. Flags, too, may be written with
 * one dash. */
static const struct option_kind making_options[] = {
	{"bundle", VALUE, BUNDLE}, {"b", VALUE, BUNDLE}, {"pid-file", VALUE, PID_FILE}, {"console-socket", VALUE, SOCKET},
	{"pidfd-socket", VALUE, SOCKET}, {"preserve-fds", VALUE, PLAIN}, {"config", VALUE, CONFIG}, {"f", VALUE, CONFIG},
	{"image-path", VALUE, SOCKET}, {"work-path", VALUE, SOCKET}, {"parent-path", VALUE, SOCKET},
	{"manage-cgroups-mode", VALUE, PLAIN}, {"empty-ns", VALUE, PLAIN}, {"lsm-profile", VALUE, PLAIN},
	{"lsm-mount-context", VALUE, PLAIN}, {"status-fd", VALUE, PLAIN},
	{"detach", FLAG, DETACH}, {"d", FLAG, DETACH}, {"no-pivot", FLAG, PLAIN}, {"no-new-keyring", FLAG, PLAIN},
	{"no-subreaper", FLAG, PLAIN}, {"keep", FLAG, PLAIN}, {"tcp-established", FLAG, PLAIN},
	{"ext-unix-sk", FLAG, PLAIN}, {"shell-job", FLAG, PLAIN}, {"file-locks", FLAG, PLAIN},
	{"auto-dedup", FLAG, PLAIN}, {"lazy-pages", FLAG, PLAIN}, {"help", FLAG, PLAIN}, {NULL, FLAG, PLAIN},
};
static const struct option_kind exec_options[] = {
	{"process", VALUE, PROCESS}, {"p", VALUE, PROCESS}, {"cap", VALUE, CAPABILITY}, {"c", VALUE, CAPABILITY},
	{"cgroup", VALUE, SUBGROUP}, {"preserve-fds", VALUE, PRESERVE_FDS}, {"no-new-privs", FLAG, NO_NEW_PRIVS},
	{"console-socket", VALUE, PLAIN}, {"cwd", VALUE, PLAIN}, {"env", VALUE, PLAIN}, {"e", VALUE, PLAIN},
	{"user", VALUE, PLAIN}, {"u", VALUE, PLAIN}, {"additional-gids", VALUE, PLAIN}, {"g", VALUE, PLAIN},
	{"pid-file", VALUE, PLAIN}, {"process-label", VALUE, PLAIN}, {"apparmor", VALUE, PLAIN}, {"tty", FLAG, PLAIN},
	{"t", FLAG, PLAIN}, {"detach", FLAG, PLAIN}, {"d", FLAG, PLAIN}, {"ignore-paused", FLAG, PLAIN},
	{"help", FLAG, PLAIN}, {NULL, FLAG, PLAIN},
};
static const struct option_kind update_options[] = {
	{"resources", VALUE, RESOURCES}, {"r", VALUE, RESOURCES}, {"blkio-weight", VALUE, LIMIT},
	{"cpu-period", VALUE, LIMIT}, {"cpu-quota", VALUE, LIMIT}, {"cpu-share", VALUE, LIMIT},
	{"cpu-rt-period", VALUE, LIMIT}, {"cpu-rt-runtime", VALUE, LIMIT}, {"cpuset-cpus", VALUE, LIMIT},
	{"cpuset-mems", VALUE, LIMIT}, {"kernel-memory", VALUE, LIMIT}, {"kernel-memory-tcp", VALUE, LIMIT},
	{"memory", VALUE, LIMIT}, {"memory-reservation", VALUE, LIMIT}, {"memory-swap", VALUE, LIMIT},
	{"pids-limit", VALUE, LIMIT}, {"l3-cache-schema", VALUE, LIMIT}, {"mem-bw-schema", VALUE, LIMIT},
	{"help", FLAG, PLAIN}, {NULL, FLAG, PLAIN},
};
/* Of other commands only the id is of interest; the same letters are flags there (delete -f). */
static const struct option_kind no_options[] = {{NULL, FLAG, PLAIN}};

static const struct syntax {
	const char *command;
	const struct option_kind *options;
	bool id_ends_options; /* what follows is the command line of what is exec'd */
} syntaxes[] = {
	{"create", making_options, false}, {"run", making_options, false}, {"restore", making_options, false},
	{"exec", exec_options, true},	   {"update", update_options, false},
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

static bool is(const char *name, size_t length, const char *wanted)
{
	return strlen(wanted) == length && strncmp(name, wanted, length) == 0;
}

static const struct option_kind *find(const struct option_kind *table, const char *name, size_t length)
{
	for (; table->name; table++)
		if (is(name, length, table->name))
			return table;
	return NULL;
}

/* The value of the option at argv[*i], stepping over it where it is a word of its own. */
static const char *value_of(int argc, char **argv, int *i, const char *name, size_t length, bool takes_value)
{
	if (name[length] == '=')
		return name + length + 1;
	return takes_value && *i + 1 < argc ? argv[++*i] : NULL;
}

static bool means_false(const char *value)
{
	return value && strcmp(value, "false") == 0;
}

static int parse_global(struct arguments *a)
{
	int i;

	for (i = 1; i < a->argc; i++) {
		const char *name, *value;
		size_t length = option_name(a->argv[i], &name);
		const struct option_kind *kind;

		if (!length)
			break;
		kind = find(global_options, name, length);
		value = value_of(a->argc, a->argv, &i, name, length, kind && kind->takes_value);
		if (is(name, length, "systemd-cgroup"))
			a->systemd_cgroup = !means_false(value);
		else if (is(name, length, "root"))
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
static bool unclear(const struct option_kind *table, const char *word, const char *name, size_t length)
{
	const struct option_kind *kind = find(table, name, length);

	if (kind)
		return false;
	if (name == word + 1)
		return length > 1;
	for (; table->name; table++)
		if (strncmp(table->name, name, length) == 0)
			return true;
	return false;
}

static const struct syntax *syntax_of(const char *command)
{
	static const struct syntax other = {"", no_options, false};

	for (size_t i = 0; i < ARRAY_SIZE(syntaxes); i++)
		if (strcmp(command, syntaxes[i].command) == 0)
			return &syntaxes[i];
	return &other;
}

static void parse_command(struct arguments *a, int i)
{
	const struct syntax *syntax = syntax_of(a->command);
	bool options_end = false;

	for (; i < a->argc; i++) {
		struct word *word = &a->words[a->word_count++];
		const char *name;
		size_t length = options_end ? 0 : option_name(a->argv[i], &name);

		*word = (struct word){.text = a->argv[i]};
		if (!options_end && strcmp(a->argv[i], "--") == 0) {
			options_end = true;
		} else if (!length) {
			if (!a->id)
				a->id = a->argv[i];
			options_end = options_end || syntax->id_ends_options;
		} else {
			if (!a->unclear && syntax->options != no_options &&
			    unclear(syntax->options, a->argv[i], name, length))
				a->unclear = a->argv[i];
			word->kind = find(syntax->options, name, length);
			if (word->kind)
				word->value = value_of(a->argc, a->argv, &i, name, length, word->kind->takes_value);
		}
	}
}

bool arguments_make_container(const struct arguments *a)
{
	return a->command && syntax_of(a->command)->options == making_options;
}

const char *arguments_value(const struct arguments *a, enum meaning meaning)
{
	const char *value = NULL;

	for (int i = 0; i < a->word_count; i++)
		if (a->words[i].kind && a->words[i].kind->meaning == meaning)
			value = a->words[i].value;
	return value;
}

int arguments_check_clear(const struct arguments *a, struct error *err)
{
	if (!a->unclear)
		return 0;
	return error_set(err, EINVAL, "%s: the option %.64s can be read in more than one way; write it out, with two "
				      "dashes and its value as a word of its own", a->command, a->unclear);
}

void arguments_parse(int argc, char **argv, struct arguments *ret_arguments)
{
	struct arguments a = {.argc = argc, .argv = argv, .words = calloc((size_t)argc + 1, sizeof *a.words)};
	int i = parse_global(&a);

	if (!a.words) {
		fputs("stint: read the command line: out of memory\n", stderr);
		exit(1);
	}
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

	if (*path == '/' || !directory)
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

static bool is_replaced(const struct replacement *replacements, enum meaning meaning)
{
	for (; replacements->meaning != PLAIN; replacements++)
		if (replacements->meaning == meaning)
			return true;
	return false;
}

/* An option with a value is written as two words: "--name" "value". */
static bool add_word(char **argv, int *count, const struct word *word, const char *old_bundle)
{
	const struct option_kind *kind = word->kind;
	char *dashed;

	if (!kind || !kind->takes_value)
		return add(argv, count, strdup(word->text));
	if (asprintf(&dashed, "%s%s", kind->name[1] ? "--" : "-", kind->name) < 0)
		return false;
	return add(argv, count, dashed) &&
	       (!word->value ||
		add(argv, count, kind->meaning == SOCKET ? absolute(word->value, old_bundle) : strdup(word->value)));
}

int arguments_rewrite(const struct arguments *a, const char *runtime, const struct replacement *replacements,
		      const char *old_bundle, char ***ret_argv, struct error *err)
{
	char **argv = calloc((size_t)a->argc * 2 + 2 * MEANING_COUNT + 2, sizeof *argv);
	int count = 0;
	bool ok = argv && add(argv, &count, strdup(runtime));

	for (int i = 1; ok && i <= a->command_at; i++)
		ok = add(argv, &count, strdup(a->argv[i]));
	for (const struct replacement *r = replacements; ok && r->meaning != PLAIN; r++)
		if (r->value)
			ok = add(argv, &count, strdup(r->name)) && add(argv, &count, strdup(r->value));
	for (int i = 0; ok && i < a->word_count; i++)
		if (!a->words[i].kind || !is_replaced(replacements, a->words[i].kind->meaning))
			ok = add_word(argv, &count, &a->words[i], old_bundle);
	if (!ok) /* the program ends now: nothing is freed */
		return error_set(err, ENOMEM, "make the runtime's command line: out of memory");
	*ret_argv = argv;
	return 0;
}
