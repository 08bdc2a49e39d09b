/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a profile's "seccomp": "learned" comes to, for the workload that the container is. */
#ifndef STINT_PLAN_LEARNED_H
#define STINT_PLAN_LEARNED_H

#include "lib/plan/plan.h"

/*
 * Nothing to do unless plan->effective asks for it. Where a model was accepted (lib/record/model.h): the model's filter, and in
 * plan->learned its capabilities, when it is enforced, else the default one; where none was, the default one, and the run is
 * recorded. Sets plan->workload and plan->watch. -ENOTSUP: the filter that would be enforced does not let
 * request->runtime get to the workload.
 */
int plan_learned(const struct host *host, const struct json *config, const struct plan_request *request, struct plan *plan,
		 struct error *err);

/* Which workload the container of this config is (lib/record/fingerprint.h). `bundle`: what root.path is relative to, or NULL. */
int plan_find_workload(const struct json *config, const char *bundle, char ret_workload[FINGERPRINT_MAX], struct error *err);

#endif
