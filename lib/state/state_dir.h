/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One directory a container: /run/stint/<key>/, 0700, ours alone.
 *
 *   bundle/config.json  what the runtime gets: written anew by us, where nobody else can swap it
 *   plan.json           the plan, for explain, verify and the hook
 *   bounds.json         how far `update` may go
 *   ledger              shared memory of the two monitor processes: plan, usage, verdict, report
 *   socket              the monitor's control socket
 *   pid                 the runtime's --pid-file, where the caller did not give one
 */
#ifndef STINT_STATE_STATE_DIR_H
#define STINT_STATE_STATE_DIR_H

#include "lib/base/error.h"
#include "lib/base/host.h"

enum { STATE_KEY_MAX = 160 };

/* The key of a container: its id, and where the runtime was given a --root, "~" and eight hex digits of
 * it, since two engines may use one id. "~" is in no id. `id` must have passed container_id_check. */
void state_key(const char *id, const char *runtime_root, char key[STATE_KEY_MAX]);

/* Opens /run/stint (made when missing). */
int state_open(const struct host *host, int *ret_fd, struct error *err);
/* Held by the launcher that is preparing the container in it, until it has a monitor: whoever finds the directory
 * meanwhile lets it be. 0; -EWOULDBLOCK: another holds it. It goes with the descriptor. */
int state_claim(int dirfd);
/* Calls `each` for every container's directory, in no order; stops when it returns non-zero and returns that. */
int state_each(const struct host *host, int (*each)(const char *key, int dirfd, void *data), void *data,
	       struct error *err);

#endif
