/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is asked of a running container, held to its plan: a process to exec, other limits. Pure, tree to tree.
 *
 * `update` may loosen what config.json itself had asked for, and nothing that the host decided: the bounds are the
 * plan before the config's own limits were met with it. They are kept as a config.json would have them.
 */
#ifndef STINT_PLAN_UPDATE_H
#define STINT_PLAN_UPDATE_H

#include "lib/plan/plan.h"

/* {"linux": {"resources": …}}: how far `update` may go. */
int update_bounds(const struct plan *plan, struct json_doc **ret_doc, struct error *err);

/* A process.json for a container that runs with `config` (as it was given to the runtime): its capabilities are at most
 * those of the container's bounding set, and it gets no new privileges if the container gets none. */
int process_hold(struct json_doc *doc, const struct json *config, struct error *err);

struct update_result {
	struct cgroup_limits limits; /* of those that were asked for: what they are now */
	char notes[512]; /* "memory.limit: 536870912 asked, 268435456 set; …"; "" when nothing was changed */
};
/* `doc` is {"linux": {"resources": R}}, R as of `update --resources`: what it leaves out or says 0 of stays as it is.
 * `in_use` bytes of memory are never gone below (0: there is no such bound). -EINVAL: not valid, or not to be met. */
int update_hold(struct json_doc *doc, const struct json *bounds, uint64_t in_use, struct update_result *ret_result,
		struct error *err);

#endif
