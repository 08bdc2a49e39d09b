/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Composing the plan of one container. */
#include "lib/plan/plan.h"

#include <stdio.h>
#include <string.h>

#include "lib/oci/config.h"
#include "lib/plan/enforce.h"
#include "lib/plan/learned.h"
#include "lib/plan/network.h"
#include "lib/plan/privileged.h"
#include "lib/plan/workload.h"

static const char budget_prefix[] = "io.stint.budget.";

/* The operator's --budget takes the profile's place. */
static int apply_request(const struct plan_request *request, struct profile *profile, struct error *err)
{
	struct profile over;
	int r = 0;

	profile_init(&over, "command line");
	for (const char *const *budget = request->budgets; budget && *budget && r == 0; budget++) {
		const char *equals = strchr(*budget, '=');
		char name[64], from[96];

		if (!equals || equals - *budget >= (ptrdiff_t)sizeof name)
			return error_set(err, EINVAL, "--budget %.60s: write it as NAME=LIMIT, for example cpu=2s", *budget);
		(void)snprintf(name, sizeof name, "%.*s", (int)(equals - *budget), *budget);
		(void)snprintf(from, sizeof from, "--budget %s", name);
		r = profile_set_budget(&over, name, equals + 1, from, err);
		if (r < 0)
			return r;
	}
	if (request->record)
		over.record = (struct setting){1, "--record"};
	profile_override(profile, &over);
	return 0;
}

static int unknown_annotation(const char *key, struct error *err)
{
	const char *known[BUDGET_COUNT + 3] = {"io.stint.profile", "io.stint.record"}, *near;
	char budgets[BUDGET_COUNT][sizeof budget_prefix + 16];

	for (int b = 0; b < BUDGET_COUNT; b++) {
		(void)snprintf(budgets[b], sizeof budgets[b], "%s%s", budget_prefix, budget_kinds[b].name);
		known[b + 2] = budgets[b];
	}
	near = nearest_name(key, known);
	return error_set(err, EINVAL, "annotation %.100s is not known%s%s", key, near ? "; did you mean " : "",
			 near ? near : "");
}

static int ask_to_record(const char *value, struct profile *asked, struct error *err)
{
	if (strcmp(value, "true") == 0)
		asked->record = (struct setting){1, "annotation io.stint.record"};
	else if (strcmp(value, "false") != 0)
		return error_set(err, EINVAL, "annotation io.stint.record: \"true\" or \"false\" is wanted");
	return 0;
}

static int one_annotation(const struct host *host, const struct json *annotation, struct profile *asked,
			  struct error *err)
{
	const char *key = annotation->key;
	char from[160];
	int r;

	if (strncmp(key, "io.stint.", 9) != 0)
		return 0;
	if (!json_is(annotation, JSON_STRING))
		return error_set(err, EINVAL, "annotation %.100s is no string", key);
	(void)snprintf(from, sizeof from, "annotation %.120s", key);
	if (strncmp(key, budget_prefix, sizeof budget_prefix - 1) == 0) {
		r = profile_set_budget(asked, key + sizeof budget_prefix - 1, annotation->text, from, err);
	} else if (strcmp(key, "io.stint.profile") == 0) {
		struct profile named;

		if (strchr(annotation->text, '/'))
			return error_set(err, EPERM, "annotation io.stint.profile: it may name a profile, not give a path");
		r = profile_load(host, annotation->text, &named, err);
		if (r < 0)
			return error_prefix(err, "%s", from);
		r = profile_meet(asked, &named, asked, err);
	} else if (strcmp(key, "io.stint.record") == 0) {
		r = ask_to_record(annotation->text, asked, err);
	} else {
		return unknown_annotation(key, err);
	}
	return r;
}

static int meet_annotations(const struct host *host, const struct json *config, struct profile *effective,
			    struct error *err)
{
	struct profile asked;
	int r = 0;

	profile_init(&asked, "annotations");
	json_each(annotation, json_get(config, "annotations"))
		if (r == 0)
			r = one_annotation(host, annotation, &asked, err);
	return r < 0 ? r : profile_meet(effective, &asked, effective, err);
}

/* Of those that the container has in the end. A set that is not there is an empty one to runtimes. */
static uint64_t capabilities_left(const struct profile *profile, const struct profile *config)
{
	uint64_t own = config->capabilities.set ? config->capabilities.mask : 0;

	return profile->capabilities.set ? own & profile->capabilities.mask : own;
}

/* Its model takes them last, so that it is known what it alone takes. */
static int meet_learned(struct plan *plan, const struct json *config, const struct profile *own, struct error *err)
{
	struct profile learned;

	if (!plan->learned.set)
		return 0;
	profile_init(&learned, "model");
	learned.capabilities = plan->learned;
	plan->taken_capabilities = capabilities_left(&plan->effective, own) & ~plan->learned.mask;
	plan->taken_ambient = plan->taken_capabilities & capability_mask(json_find(config, "process.capabilities.ambient"));
	return profile_meet(&plan->effective, &learned, &plan->effective, err);
}

static int meet_config(struct plan *plan, const struct profile *config, struct error *err)
{
	struct profile own = *config;
	unsigned inexact;
	int r = 0;

	if (own.seccomp.kind == SECCOMP_UNSET && profile_asks_default_filter(&plan->effective))
		r = profile_take_default_filter(&plan->effective, capabilities_left(&plan->effective, config), &own, err);
	if (r == 0)
		r = profile_meet(&plan->effective, &own, &plan->effective, err);
	plan->effective.seccomp.default_from = NULL; /* it is met */
	if (r == 0)
		r = profile_compose_filters(&plan->effective, &inexact, err);
	if (r == 0 && inexact)
		plan_warn(plan, "the seccomp filter that holds what %s ask for denies more of %u calls than each of them: what is "
				"left has no form that all runtimes compile alike", plan->effective.seccomp.from, inexact);
	return r;
}

static int note_recording(const struct json *config, const char *bundle, struct plan *plan, struct error *err)
{
	if (plan->effective.record.value != 1)
		return 0;
	if (plan->watch == WATCH_NOTHING)
		plan->watch = WATCH_RECORD;
	return plan->workload[0] ? 0 : plan_find_workload(config, bundle, plan->workload, err);
}

int plan_make(const struct host *host, const struct host_config *host_config, const struct cgroup_layout *layout,
	      const struct json *config, const struct plan_request *request, enum plan_mode mode,
	      struct plan *ret_plan, struct error *err)
{
	struct plan plan = {.cgroup_mode = layout->mode, .kill_on_monitor_loss = host_config->kill_on_monitor_loss};
	const char *chosen, *asked;
	struct network_place place = {NETWORK_OWN, NULL};
	struct workload workload;
	struct shown shown;
	struct profile own;
	int r;

	workload_describe(host, host_config, config, request, &shown, &workload);
	chosen = request->profile;
	if (chosen)
		(void)snprintf(plan.selected_by, sizeof plan.selected_by, "--profile");
	else
		chosen = select_profile(host_config, &workload, plan.selected_by);
	asked = config_annotation(config, "io.stint.profile");
	r = profile_load(host, chosen, &plan.effective, err);
	if (r < 0)
		return r;
	/* Where nobody else has chosen, the plan goes by the name that the annotation asked for. */
	(void)snprintf(plan.profile_name, sizeof plan.profile_name, "%s",
		       asked && strcmp(chosen, "default") == 0 ? asked : plan.effective.name);
	(void)snprintf(plan.image, sizeof plan.image, "%s", workload.image ? workload.image : "");
	r = apply_request(request, &plan.effective, err);
	if (r == 0)
		r = plan_learned(host, config, request, &plan, err);
	if (r == 0 && host_config->has_ceiling)
		r = profile_meet(&plan.effective, &host_config->ceiling, &plan.effective, err);
	if (r == 0)
		r = meet_annotations(host, config, &plan.effective, err);
	if (r == 0) /* which the ceiling or an annotation may have brought */
		r = plan_learned(host, config, request, &plan, err);
	if (r == 0)
		r = note_recording(config, request->bundle, &plan, err);
	if (r == 0)
		r = plan_privileged(host_config->privileged, config, mode, &plan, err);
	plan.host = plan.effective;
	if (r == 0)
		r = config_to_profile(config, &own, err);
	if (r == 0)
		place = plan_network_place(config, layout, mode, workload.network,
					   plan_network_capabilities(&plan.effective, &own));
	if (r == 0 && place.holder != NETWORK_NOBODY)
		r = plan_network_privileges(config, &own, &plan, err);
	if (r == 0) /* after it: what a model knows was not named on purpose */
		r = meet_learned(&plan, config, &own, err);
	if (r == 0)
		r = meet_config(&plan, &own, err);
	if (r == 0)
		r = plan_check_enforceable(layout, &own, &place, mode, host_config->refuse_unenforceable, &plan, err);
	if (r == 0)
		r = plan_network_resolve(host, host_config, config, request->bundle, &place, &plan, err);
	if (r < 0)
		return r;
	if (plan.effective.capabilities.set) { /* a hook that comes too late for them may have let them be */
		plan.taken_capabilities &= ~plan.effective.capabilities.mask;
		plan.taken_ambient &= ~plan.effective.capabilities.mask;
	}
	plan.effective.name = intern(plan.profile_name);
	*ret_plan = plan;
	return 0;
}

/* A budget's limit is the kernel's limit too, unless passing it is to be no more than said. */
static uint64_t level_limit(const struct budget_setting *budget, const struct setting *resource)
{
	uint64_t limit = budget->action.value == ACTION_WARN ? UNSET : budget->limit.value;

	return limit < resource->value ? limit : resource->value;
}

void plan_limits(const struct plan *plan, struct cgroup_limits *ret_limits)
{
	const struct profile *p = &plan->effective;
	const struct budget_setting *memory = &p->budgets[BUDGET_MEMORY];
	struct cgroup_limits limits = CGROUP_LIMITS_NONE;

	limits.memory_bytes = level_limit(memory, &p->resources.memory_limit);
	limits.pids = level_limit(&p->budgets[BUDGET_PIDS], &p->resources.pids_limit);
	limits.memory_swap_bytes = p->resources.memory_swap.value;
	/* A budget of memory is not one of memory and as much swap as there is. */
	if (memory->limit.value != UNSET && memory->action.value != ACTION_WARN &&
	    limits.memory_swap_bytes > limits.memory_bytes)
		limits.memory_swap_bytes = limits.memory_bytes;
	if (limits.memory_swap_bytes != UNSET && limits.memory_bytes != UNSET &&
	    limits.memory_swap_bytes < limits.memory_bytes)
		limits.memory_bytes = limits.memory_swap_bytes;
	limits.cpu_quota_us = p->resources.cpu_quota.value;
	if (limits.cpu_quota_us != UNSET)
		limits.cpu_period_us = p->resources.cpu_period.value == UNSET ? 100000 : p->resources.cpu_period.value;
	limits.oom_group = memory->limit.value != UNSET &&
			   (memory->action.value == UNSET || memory->action.value == ACTION_KILL);
	*ret_limits = limits;
}
