/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two halves of `stint run`: what is to be run, and running it. */
#ifndef STINT_CLI_RUN_H
#define STINT_CLI_RUN_H

#include <stdbool.h>

#include "lib/launch/launch.h"

/* A config.json made on the spot for DIR and CMD, as `runc spec` would have it but with less: the
 * root read-only unless `writable`, no capability that changes the host, no new privileges. */
int rootfs_config(const char *rootfs, bool writable, bool terminal, char *const *command,
		  struct json_doc **ret_doc, struct error *err);

/* Runs what was prepared under `runtime` in the foreground; returns the exit status of stint.
 * `report_to_stdout`: `--report -`. Takes `launch` over. */
int run_foreground(const struct host *host, struct launch *launch, const char *id, const char *runtime,
		   bool report_to_stdout);

/* When there is no monitor, nor can one be started. Kills the container, unless its plan has it go on unwatched (false). */
bool unwatched_kill(const struct launch *launch);
/* Once it has ended: reports what the ledger and the group tell. Nothing while a monitor is alive after all.
 * `wait_status`: of the runtime's `run`. */
void unwatched_end(struct launch *launch, int wait_status, const char *why);

#endif
