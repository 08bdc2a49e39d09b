/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the verbs' own option loops share. */
#ifndef STINT_CLI_OPTIONS_H
#define STINT_CLI_OPTIONS_H

#include <getopt.h>

#include "cli/cli.h"

/* For getopt_long's '?' and ':' (the option string begins with ":", opterr is 0): says which option
 * it was, with the nearest known one. Returns EXIT_USAGE. */
int cli_option_error(const struct verb *verb, int result, char **argv, const struct option *options);

/* At most one ID: sets *ret_id (NULL when absent and not `needed`). EXIT_OK or EXIT_USAGE. */
int cli_one_id(const struct verb *verb, int argc, char **argv, int needed, const char **ret_id);

/* The values of --budget, NULL-terminated. */
enum { BUDGETS_MAX = 64 };
struct budget_options {
	const char *values[BUDGETS_MAX + 1];
	int count;
};

/* One more, "NAME=LIMIT". A budget that does not exist, or a limit that is none, is a slip of the
 * keyboard: said as such. EXIT_OK or EXIT_USAGE. */
int cli_add_budget(const struct verb *verb, const char *value, struct budget_options *budgets);

#endif
