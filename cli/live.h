/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looking at containers that are there now, without disturbing them: their ledgers are mapped for
 * reading only, their groups are read from the kernel, and what has passed their networks stint-network is asked for.
 */
#ifndef STINT_CLI_LIVE_H
#define STINT_CLI_LIVE_H

#include "cli/cli.h"
#include "lib/base/json.h"
#include "lib/cgroup/cgroup.h"
#include "lib/state/ledger.h"

enum live_status { LIVE_CREATED, LIVE_RUNNING, LIVE_FROZEN, LIVE_ENDING, LIVE_UNWATCHED, LIVE_STATUS_COUNT };
extern const char *const live_status_names[LIVE_STATUS_COUNT];

/* One container as it is now. */
struct live {
	const struct ledger_plan *plan; /* in the mapped ledger */
	struct ledger *ledger;
	struct ledger_state state; /* a copy */
	enum live_status status;
	bool watched; /* a process of its monitor is alive */
	int32_t monitor, standby;
	bool group_there;
	struct cgroup_usage usage; /* from the kernel; from the ledger when the group is not there */
	bool has_network; /* rules or byte budgets, and stint-network has said what passed: now, or when it last did */
	struct ledger_figures network;
	struct reading reading;
};

/* Maps the ledger in `dirfd` and reads the group. -ENOENT: it has a final report: no longer there. */
int live_open(const struct host *host, const struct cgroup_layout *layout, int dirfd, struct live *ret_live,
	      struct error *err);
void live_close(struct live *live);
/* What has been used of a budget until now; UINT64_MAX: unknown. */
uint64_t live_used(const struct live *live, enum budget budget);
/* Opens the group of the container, ours where there is one. */
int live_group(const struct host *host, const struct cgroup_layout *layout, const struct live *live,
	       struct cgroup *ret_cgroup, struct error *err);

/* Finds the directory of a container that is there, by id or by key. -ENOENT: none; -EEXIST: two
 * engines have one of this id, and the error names their keys. */
int live_find(const struct host *host, const char *id, int *ret_dirfd, struct error *err);
/* Where nothing is known of such an id, *id is made the one that begins with it (with four characters of it at
 * least), as engines let their users write it. EXIT_OK, or EXIT_STINT when there is more than one: that is said. */
int live_name(const struct host *host, const char **id, char full[132]);
/* As engines show their ids in tables: of 64 hex digits the first 12. */
const char *live_short_id(const char *id, char text[132]);
/* Says on standard error that nothing is known of `id`, with the nearest id that something is known
 * of; returns `status`. */
int live_unknown(const struct host *host, const char *id, const char *what, int status);

#endif
