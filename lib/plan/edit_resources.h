/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STINT_PLAN_EDIT_RESOURCES_H
#define STINT_PLAN_EDIT_RESOURCES_H

#include "lib/plan/plan.h"

/* linux.resources of the config in `doc`: each composed value where it is stricter than what is there. */
int edit_resources(struct json_doc *doc, const struct plan *plan, struct error *err);

/* memory.oom.group in its `unified`, where the plan has a memory budget that kills: the container dies whole. */
int edit_oom_group(struct json_doc *doc, const struct plan *plan, struct error *err);

#endif
