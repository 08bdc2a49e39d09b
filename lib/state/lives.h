/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What earlier lives of one container used: an engine that starts it again (a restart policy, a crash loop) does not give
 * it its budgets again. One small file a container, /var/lib/stint/lives/<the key's first two digits>/<key>, written by
 * the monitor when a life ends and read when the next one is prepared.
 *
 * Only of ids that an engine made up (64 hex digits), which are never another container's. They are not told of
 * a container's removal: a file that was not touched for LIVES_KEPT_DAYS is removed.
 */
#ifndef STINT_STATE_LIVES_H
#define STINT_STATE_LIVES_H

#include "lib/budget/budget.h"
#include "lib/state/state_dir.h"

enum { LIVES_KEPT_DAYS = 30 };

struct life {
	uint64_t runs;
	uint64_t ended_real_ns;
	uint64_t used[BUDGET_COUNT]; /* of a rate: what was missing in its bucket at the end; 0: nothing */
};

bool life_is_kept(const char *id);
/* Opens the directory that `key` is in, made when missing. */
int lives_open(const struct host *host, const char *key, int *ret_fd, struct error *err);
/* All zero when there is none. */
int life_read(int lives_fd, const char *key, struct life *ret_life, struct error *err);
int life_write(int lives_fd, const char *key, const struct life *life, struct error *err);
/* Removes what is older than LIVES_KEPT_DAYS there; best effort. */
void lives_expire(int lives_fd, uint64_t now_real_ns);

#endif
