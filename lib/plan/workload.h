/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a container shows of itself, for the host's rules (lib/profile/select.h). */
#ifndef STINT_PLAN_WORKLOAD_H
#define STINT_PLAN_WORKLOAD_H

#include <limits.h>

#include "lib/plan/plan.h"

/* Room for what is put together here; the rest of a workload points into the config. */
enum { SHOWN_MAX = 4096 };
struct shown {
	char args[SHOWN_MAX], parent[SHOWN_MAX], rootfs[PATH_MAX];
};

/* `shown` and `config` must outlive *ret_workload. `rootfs` is looked for only where a rule asks for it. */
void workload_describe(const struct host *host, const struct host_config *host_config, const struct json *config,
		       const struct plan_request *request, struct shown *shown, struct workload *ret_workload);

/* The uppermost directory of the image that `root` (absolute) is an overlay of: the first lower one, or the
 * second where the first is the container's own, as Docker makes it. Written without links. NULL when `root` is
 * no overlay, or its directory cannot be found. */
const char *image_layer(const struct host *host, const char *root, char layer[PATH_MAX]);

#endif
