/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running another program to its end, within a time. */
#ifndef STINT_BASE_COMMAND_H
#define STINT_BASE_COMMAND_H

#include "lib/base/cleanup.h"
#include "lib/base/error.h"

struct command {
	int status;	   /* its exit status; 128 and the signal that ended it */
	char *out, *errors; /* what it printed, never NULL after success; beyond COMMAND_TEXT_MAX it cannot write */
};
enum { COMMAND_TEXT_MAX = 1 << 20 };

/* argv[0] is looked for in PATH. Its standard input is empty; what it prints goes to files in memory, so that nobody
 * who inherits them can hold this up. -ENOENT: there is no such program; -ETIMEDOUT: it was killed after `seconds`.
 * Its exit status is no error of this function's. */
int command_run(const char *const *argv, int seconds, struct command *ret_command, struct error *err);
/* The same, and a status other than 0 is -EIO, with the line in the error in which the program says why. */
int command_check(const char *const *argv, int seconds, struct command *ret_command, struct error *err);

void command_clear(struct command *command);
#define _cleanup_command_ _cleanup_(command_clear)

#endif
