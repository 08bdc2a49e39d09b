/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The person's command: a table of verbs. Each verb parses its own options with getopt_long, prints
 * its own results, and returns its exit status.
 */
#ifndef STINT_CLI_CLI_H
#define STINT_CLI_CLI_H

#include "lib/base/error.h"
#include "lib/base/host.h"

/* As `docker run` has them. */
enum exit_status {
	EXIT_OK = 0,
	EXIT_DIFFERS = 1,	 /* verify: something is not as planned; doctor: there is a problem; profile diff: they differ;
				    report, why, profile: nothing there */
	EXIT_USAGE = 2,
	EXIT_STINT = 125,	 /* stint's own failure */
	EXIT_NOT_EXECUTABLE = 126,
	EXIT_NOT_FOUND = 127,
	EXIT_KILLED = 137,
};

struct verb {
	const char *name, *synopsis, *summary;
	const char *help; /* the rest of `stint VERB --help`: options, examples */
	int (*run)(const struct host *host, int argc, char **argv); /* argv[0] is the verb */
};

extern const struct verb verb_run, verb_explain, verb_report, verb_why, verb_verify, verb_ps, verb_record, verb_profile, verb_doctor,
	verb_install, verb_uninstall;

/* "stint: TEXT" on standard error; returns `status`. */
int cli_fail(int status, const struct error *err);
/* "stint: …" and "Try 'stint VERB --help'."; returns EXIT_USAGE. */
int cli_usage_error(const struct verb *verb, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* `stint VERB --help`, on standard output; returns EXIT_OK. */
int cli_help(const struct verb *verb);
/* True when standard output is a terminal and NO_COLOR is not set. */
int cli_colour(void);

#endif
