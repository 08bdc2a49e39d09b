/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An OCI runtime's command line as runc's and crun's parsers take it: global options, a command,
 * its options, the id. One dash or two, a value after "=" or as the next word. Only what stint needs is
 * told apart; the rest is passed on as it came.
 */
#ifndef STINT_SHIM_ARGUMENTS_H
#define STINT_SHIM_ARGUMENTS_H

#include <stdbool.h>

#include "lib/base/error.h"

/* What an option is to stint. */
enum meaning {
	PLAIN,
	BUNDLE, PID_FILE, CONFIG, DETACH, SOCKET, /* create, run, restore; SOCKET: a path relative to the bundle */
	PROCESS, CAPABILITY, SUBGROUP, PRESERVE_FDS, NO_NEW_PRIVS, /* exec */
	RESOURCES, LIMIT, /* update */
	MEANING_COUNT,
};

struct option_kind {
	const char *name;
	bool takes_value;
	enum meaning meaning;
};

/* A word after the command, or an option with its value. */
struct word {
	const struct option_kind *kind; /* NULL: no option that is known */
	char *text;			/* the word as it came */
	const char *value;		/* of an option that takes one; a flag's after "="; NULL: none */
};

struct arguments {
	int argc;
	char **argv;
	const char *root, *log, *log_format; /* global; NULL: not given */
	bool systemd_cgroup;
	const char *command; /* NULL: none (--version) */
	int command_at;	     /* its index in argv */
	const char *id;	     /* NULL: none */
	struct word *words;  /* those after the command; of exec, its own command line too */
	int word_count;
	const char *unclear; /* an option that runtimes read differently, where that matters; NULL: none */
};

/* Ends the program without memory. The words live as long as argv. */
void arguments_parse(int argc, char **argv, struct arguments *ret_arguments);
/* -EINVAL when there is an unclear one. */
int arguments_check_clear(const struct arguments *arguments, struct error *err);
/* create, run, restore. */
bool arguments_make_container(const struct arguments *arguments);
/* The last value of an option; NULL: not given. */
const char *arguments_value(const struct arguments *arguments, enum meaning meaning);

/* The options of a meaning are left out, and `name` with `value` is put in their place. */
struct replacement {
	enum meaning meaning;
	const char *name, *value; /* NULL: nothing is put there */
};

/* The runtime's argv: argv[0] is `runtime`. `replacements` ends with a meaning of PLAIN. The paths of sockets, which
 * the runtime would take relative to its bundle, are made absolute against `old_bundle` (NULL: they are left). What it
 * returns is malloc'ed, ends with NULL, and so are the words it does not share. */
int arguments_rewrite(const struct arguments *arguments, const char *runtime, const struct replacement *replacements,
		      const char *old_bundle, char ***ret_argv, struct error *err);

#endif
