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

struct arguments {
	int argc;
	char **argv;
	const char *root, *log, *log_format; /* global; NULL: not given */
	bool systemd_cgroup;
	const char *command; /* NULL: none (--version) */
	int command_at;	     /* its index in argv */
	const char *bundle, *pid_file, *config;
	bool detach;
	const char *id; /* NULL: none */
	const char *unclear; /* an option of create, run or restore that runtimes read differently; NULL: none */
};

void arguments_parse(int argc, char **argv, struct arguments *ret_arguments);
/* create, run, restore. */
bool arguments_make_container(const struct arguments *arguments);

/* The runtime's argv: argv[0] is `runtime`; --bundle is `bundle` and --pid-file `pid_file`, replaced where they
 * were or added; the paths of sockets, which the runtime would take relative to its bundle, absolute
 * against `old_bundle`. malloc'ed, ends with NULL, and so are the words it does not share. */
int arguments_rewrite(const struct arguments *arguments, const char *runtime, const char *bundle,
		      const char *old_bundle, const char *pid_file, char ***ret_argv, struct error *err);

#endif
