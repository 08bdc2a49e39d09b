/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Privileged containers: those that can do to the host what they like. OCI has no word for it; engines' --privileged is
 * every capability, every device, nothing masked, /sys writable and no filter, and each of these can be asked for alone.
 *
 * Tightened, a container has what one of Docker's without --privileged has: its capabilities, no device but those that
 * runtimes always give, /proc's and /sys's dangerous files masked, /sys and groups read-only. A filter of system calls
 * that is not there is not made.
 */
#ifndef STINT_PLAN_PRIVILEGED_H
#define STINT_PLAN_PRIVILEGED_H

#include "lib/plan/plan.h"

/* What makes it privileged, as "it may …"; NULL when it is not. Any of: reading or writing every device; CAP_SYS_MODULE or
 * CAP_SYS_RAWIO; CAP_SYS_ADMIN with no masked path. */
const char *privileged_because(const struct json *config);

/* What the host says becomes of it: -EPERM refused, -ENOTSUP when a hook comes too late to tighten it. */
int plan_privileged(enum privileged privileged, const struct json *config, enum plan_mode mode, struct plan *plan,
		    struct error *err);

/* The rest of tightening: devices, masked and read-only paths, mounts. Capabilities are in the plan. */
int edit_privileged(struct json_doc *doc, struct error *err);

#endif
