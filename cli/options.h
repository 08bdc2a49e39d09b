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

#endif
