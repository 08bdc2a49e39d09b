/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STINT_PLAN_ENFORCE_H
#define STINT_PLAN_ENFORCE_H

#include "lib/plan/network.h"
#include "lib/plan/plan.h"

/* What cannot be enforced with this layout and in this mode is taken out of plan->effective. `refuse`: and is
 * -ENOTSUP, with an error that names all of it; else it becomes the plan's warnings. `config`: what the config
 * itself limits. */
int plan_check_enforceable(const struct cgroup_layout *layout, const struct profile *config,
			   const struct network_place *place, enum plan_mode mode, bool refuse, struct plan *plan, struct error *err);

/* One more of the plan's warnings; beyond PLAN_WARNINGS_MAX it is dropped. */
void plan_warn(struct plan *plan, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
