/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan: one container's profile, composed and resolved against its config.json. Computed here
 * and nowhere else, whoever asks: wrapper, hook, `stint run`, `stint explain`.
 *
 *   effective = (profile, with the operator's --profile and --budget in its place)
 *               ∧ ceiling ∧ annotations ∧ the config's own limits
 */
#ifndef STINT_PLAN_PLAN_H
#define STINT_PLAN_PLAN_H

#include <stdbool.h>

#include "lib/base/host.h"
#include "lib/base/json.h"
#include "lib/cgroup/cgroup.h"
#include "lib/net/policy.h"
#include "lib/profile/compose.h"
#include "lib/profile/profile.h"
#include "lib/profile/select.h"
#include "lib/record/fingerprint.h"
#include "lib/record/model.h"

/* What the operator said on the command line, and what is known of the container beside its config. */
struct plan_request {
	const char *profile;	     /* name or path; NULL: select one */
	const char *const *budgets;  /* "NAME=LIMIT" …, NULL-terminated; may be NULL */
	const char *id;		     /* NULL: not known */
	const char *runtime;	     /* the real one's path or name; NULL: not known */
	const char *bundle;	     /* absolute: what root.path is relative to; NULL: not known */
	bool record;		     /* --record */
};

/* Who is going to apply the plan, and so what can be enforced. */
enum plan_mode {
	PLAN_WRAPPER, /* config.json is ours to write before the runtime reads it */
	PLAN_HOOK,    /* the runtime has read it already */
};

enum { PLAN_WARNINGS_MAX = 32 };
struct plan {
	struct profile effective;
	struct profile host;	/* without the config's own limits: how far an update may go */
	char profile_name[256]; /* the selected profile's name */
	char selected_by[SELECTED_BY_MAX]; /* "--profile", or as select_profile says it */
	char image[256];	/* "" when the engine does not say */
	char workload[FINGERPRINT_MAX]; /* where that matters: it is recorded, or has learned; else "" */
	struct net_policy *network; /* NULL: nothing is asked of it, nor is it recorded. Lives as long as the process */
	enum watch watch; /* what is done while it runs */
	struct capability_setting learned; /* the capabilities of the model that is enforced, where it knows them */
	/* Those that the container has not got for that alone; and of them what it would have whoever it runs as (the config's
	 * ambient set). */
	uint64_t taken_capabilities, taken_ambient;
	enum cgroup_mode cgroup_mode;
	bool kill_on_monitor_loss;
	bool tighten; /* the config is privileged, and the host has it tightened: see lib/plan/privileged.h */
	const char *warnings[PLAN_WARNINGS_MAX]; /* interned; what could not be enforced and was let pass, and the like */
	int warning_count;
};

/* Fails with -EINVAL (bad request or profile) or -ENOTSUP (cannot be enforced, and the host does
 * not say onUnenforceable: warn); the error names every control that cannot. */
int plan_make(const struct host *host, const struct host_config *host_config, const struct cgroup_layout *layout,
	      const struct json *config, const struct plan_request *request, enum plan_mode mode,
	      struct plan *ret_plan, struct error *err);

/* {"effective": …, "sources": […], "profile": …, "selectedBy": …, "cgroup": …, "warnings": […]}; where a model that
 * knows capabilities is enforced, also "takenCapabilities" and "takenAmbient" */
int plan_to_json(const struct plan *plan, struct json_doc **ret_doc, struct error *err);
/* For people: one line an effective value, with the source that set it. malloc'ed. */
int plan_to_text(const struct plan *plan, char **ret_text, struct error *err);
/* A value of the profile as plan_to_json has it, with the unit that its path tells: 2000000000 at "budgets.cpu.limit" is "2.000s".
 * malloc'ed. */
int plan_value_text(const char *path, const struct json *value, char **ret_text, struct error *err);

/* The limits of the group that stint makes above the container's own: they hold whatever becomes of the inner one. */
void plan_limits(const struct plan *plan, struct cgroup_limits *ret_limits);

#endif
