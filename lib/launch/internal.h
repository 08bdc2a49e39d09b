/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of this folder share. */
#ifndef STINT_LAUNCH_INTERNAL_H
#define STINT_LAUNCH_INTERNAL_H

#include "lib/launch/launch.h"

/* In a child: executes a program of ours that has nothing of its launcher's but these, the channel as descriptor 3 and the pidfd,
 * where there is one, as 4. */
_Noreturn void program_become(const char *path, char *const argv[], int channel, int launcher_pidfd);

/* fork, into the monitors' group. */
pid_t program_fork(const struct host *host, const struct cgroup_layout *layout);

/* Until a line comes through `pipe`: "ready", or why not, which is the error then. -ECHILD: it ended without a word. `who`:
 * "the monitor", for errors. */
int program_wait_ready(int pipe, const char *who, struct error *err);

/* Starts the recorder for a container that is prepared but for that. */
int launch_record(const struct launch_request *request, struct launch *launch, struct error *err);
/* The filter that such a recorder wants to be asked by, if any, into the config. */
int launch_take_filter(const struct launch_request *request, const struct launch *launch, struct error *err);

/* ledger_plan.c. Texts are cut where they do not fit; of warnings the first are kept. */
void launch_copy(char *to, size_t size, const char *from);
void launch_warn(struct ledger_plan *plan, const char *text);
void launch_fill_plan(struct ledger_plan *to, const struct launch_request *request, const char *key);
/* It goes on where its earlier lives left off. -EDQUOT: a budget that would end it is spent. */
int launch_take_earlier_lives(struct ledger_plan *plan, const struct launch_request *request, struct error *err);

/* Opens and makes the state directory, and the ledger in it. -EEXIST: a container of this id is there. */
int launch_claim(struct launch *launch, const char *id, struct error *err);

/* Starts stint-network where the plan has work for it, and writes down what. */
int launch_network(struct launch *launch, const struct launch_request *request, struct error *err);

/* Into a file of the container's state directory. launch.c */
int launch_write_json(int dirfd, const char *name, const struct json *node, struct error *err);

#endif
