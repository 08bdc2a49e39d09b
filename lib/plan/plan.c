/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Composing the plan of one container, and refusing what cannot be enforced. */
#include "lib/plan/plan.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/oci/config.h"

static const char budget_prefix[] = "io.stint.budget.";

static const char *first_annotation(const struct json *config, const char *const *keys)
{
	const char *value = NULL;

	for (; !value && *keys; keys++)
		value = config_annotation(config, *keys);
	return value;
}

static void describe_workload(const struct json *config, struct workload *workload)
{
	static const char *const images[] = {"io.kubernetes.cri.image-name", "io.kubernetes.cri-o.ImageName",
					     "org.opencontainers.image.ref.name", NULL};
	static const char *const namespaces[] = {"io.kubernetes.cri.sandbox-namespace", "io.kubernetes.pod.namespace", NULL};

	*workload = (struct workload){
		.image = first_annotation(config, images),
		.namespace_name = first_annotation(config, namespaces),
		.annotations = json_get(config, "annotations"),
	};
}

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

static int one_annotation(const struct host *host, const struct json *annotation, struct profile *asked,
			  struct error *err)
{
	const char *key = annotation->key;
	char from[160];
	int r;

	if (strncmp(key, "io.stint.", 9) != 0 || strcmp(key, "io.stint.record") == 0)
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

/* What cannot be enforced, as one sentence's list. */
struct refusals {
	char text[ERROR_TEXT_MAX - 256];
	struct plan *plan;
	bool refuse;
	int count;
};

static void cannot(struct refusals *list, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void cannot(struct refusals *list, const char *format, ...)
{
	size_t length = strlen(list->text);
	char one[256], warning[300];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(one, sizeof one, format, args);
	va_end(args);
	list->count++;
	(void)snprintf(list->text + length, sizeof list->text - length, "%s%s", length ? "; " : "", one);
	if (list->refuse || list->plan->warning_count == PLAN_WARNINGS_MAX)
		return;
	(void)snprintf(warning, sizeof warning, "not enforced: %s", one);
	list->plan->warnings[list->plan->warning_count++] = intern(warning);
}

static bool has_controller(const struct cgroup_layout *layout, enum controller controller)
{
	for (int i = 0; i < layout->count; i++)
		if (layout->hierarchies[i].controllers & 1u << controller)
			return true;
	return false;
}

static void drop_budget(struct budget_setting *budget)
{
	budget->limit = (struct setting){UNSET, NULL};
}

/* The controller that a budget needs and that is not there, or NULL. */
static const char *missing_controller(const struct cgroup_layout *layout, enum budget b, uint64_t action)
{
	bool v1 = layout->mode == CGROUP_V1; /* otherwise cpu.stat and cgroup.freeze are there without a controller */

	if ((b == BUDGET_MEMORY || b == BUDGET_MEMORY_TIME) && !has_controller(layout, CONTROLLER_MEMORY))
		return "memory";
	if (b == BUDGET_PIDS && !has_controller(layout, CONTROLLER_PIDS))
		return "pids";
	if ((b == BUDGET_CPU || b == BUDGET_CPU_RATE) && v1 && !has_controller(layout, CONTROLLER_CPUACCT))
		return "cpuacct";
	if (action == ACTION_THROTTLE && !budget_kinds[b].level && !has_controller(layout, CONTROLLER_CPU))
		return "cpu";
	if (action == ACTION_FREEZE && v1 && !has_controller(layout, CONTROLLER_FREEZER))
		return "freezer";
	return NULL;
}

static void check_unwatched(struct profile *p, struct refusals *list)
{
	char names[160] = "";

	for (int b = 0; b < BUDGET_COUNT; b++) {
		size_t length = strlen(names);

		if (p->budgets[b].limit.value == UNSET || budget_kinds[b].enforced)
			continue;
		(void)snprintf(names + length, sizeof names - length, "%sbudgets.%s", length ? ", " : "",
			       budget_kinds[b].name);
		drop_budget(&p->budgets[b]);
	}
	if (*names)
		cannot(list, "%s (not watched by this version of stint)", names);
}

static void check_budgets(const struct cgroup_layout *layout, struct profile *p, struct refusals *list)
{
	check_unwatched(p, list);
	for (int b = 0; b < BUDGET_COUNT; b++) {
		struct budget_setting *budget = &p->budgets[b];
		const char *missing = missing_controller(layout, (enum budget)b, budget->action.value);

		if (budget->limit.value == UNSET || !missing)
			continue;
		cannot(list, "budgets.%s (there is no %s controller on this machine)", budget_kinds[b].name, missing);
		drop_budget(budget);
	}
}

static void check_resources(const struct cgroup_layout *layout, struct resources *r, struct refusals *list)
{
	static const struct setting none = {UNSET, NULL};

	if (r->memory_limit.value != UNSET && !has_controller(layout, CONTROLLER_MEMORY)) {
		cannot(list, "resources.memory (there is no memory controller on this machine)");
		r->memory_limit = r->memory_reservation = r->memory_swap = none;
	}
	if (r->pids_limit.value != UNSET && !has_controller(layout, CONTROLLER_PIDS)) {
		cannot(list, "resources.pids (there is no pids controller on this machine)");
		r->pids_limit = none;
	}
	if ((r->cpu_quota.value != UNSET || r->cpu_shares.value != UNSET) && !has_controller(layout, CONTROLLER_CPU)) {
		cannot(list, "resources.cpu (there is no cpu controller on this machine)");
		r->cpu_quota = r->cpu_period = r->cpu_shares = none;
	}
	if ((r->cpus.set || r->mems.set) && !has_controller(layout, CONTROLLER_CPUSET)) {
		cannot(list, "resources.cpu.cpus (there is no cpuset controller on this machine)");
		r->cpus.set = r->mems.set = false;
	}
}

static bool default_allow(const struct json *direction)
{
	const char *what = json_string(json_get(direction, "default"));

	return !direction || (what && strcmp(what, "allow") == 0 && !json_get(direction, "bandwidth") &&
			      !json_get(direction, "newConnections"));
}

static void check_network(struct profile *p, struct refusals *list)
{
	if (!p->network)
		return;
	if (!default_allow(json_get(p->network, "egress")) || !default_allow(json_get(p->network, "ingress")))
		cannot(list, "network (this version of stint sets no network rules)");
	p->network = NULL;
}

static void check_baseline(struct profile *p, struct refusals *list)
{
	const char *mode = json_string(json_get(p->baseline, "mode"));

	if (p->baseline && (!mode || strcmp(mode, "off") != 0))
		cannot(list, "baseline (this version of stint keeps none)");
	p->baseline = NULL;
}

/* A hook comes after the runtime has read the config: what is not in it cannot be put there. */
struct late {
	char names[160];
};

static void too_late(struct late *late, const char *group, const char *name)
{
	size_t length = strlen(late->names);

	(void)snprintf(late->names + length, sizeof late->names - length, "%s%s%s", length ? ", " : "", group, name);
}

static bool lower(const struct setting *wanted, const struct setting *config)
{
	return wanted->value < config->value; /* UNSET is above all */
}

/* What was met with the config's own quota is that quota or a lower one. */
static bool lower_quota(const struct resources *wanted, const struct resources *config)
{
	if (wanted->cpu_quota.value == UNSET || config->cpu_quota.value == UNSET)
		return lower(&wanted->cpu_quota, &config->cpu_quota);
	return (unsigned __int128)wanted->cpu_quota.value * config->cpu_period.value <
	       (unsigned __int128)config->cpu_quota.value * wanted->cpu_period.value;
}

static bool fewer(const struct cpu_set *wanted, const struct cpu_set *config)
{
	return wanted->set && (!config->set || memcmp(wanted->bits, config->bits, sizeof wanted->bits) != 0);
}

/* What is left in the plan, here and below, is what the config has. */
static void check_hook_resources(struct resources *r, const struct resources *config, struct late *late)
{
	if (lower(&r->memory_limit, &config->memory_limit) || lower(&r->memory_swap, &config->memory_swap) ||
	    lower(&r->memory_reservation, &config->memory_reservation)) {
		too_late(late, "resources.", "memory");
		r->memory_limit = config->memory_limit;
		r->memory_swap = config->memory_swap;
		r->memory_reservation = config->memory_reservation;
	}
	if (lower(&r->pids_limit, &config->pids_limit)) {
		too_late(late, "resources.", "pids");
		r->pids_limit = config->pids_limit;
	}
	if (lower_quota(r, config) || lower(&r->cpu_shares, &config->cpu_shares) || fewer(&r->cpus, &config->cpus) ||
	    fewer(&r->mems, &config->mems)) {
		too_late(late, "resources.", "cpu");
		r->cpu_shares = config->cpu_shares;
		r->cpu_quota = config->cpu_quota;
		r->cpu_period = config->cpu_period;
		r->cpus = config->cpus;
		r->mems = config->mems;
	}
}

/* The kernel's limit is what enforces a budget that is a level. */
static void check_hook_level(struct profile *p, enum budget b, const struct setting *config, struct late *late)
{
	struct budget_setting *budget = &p->budgets[b];

	if (budget->action.value == ACTION_WARN || !lower(&budget->limit, config))
		return;
	too_late(late, "budgets.", budget_kinds[b].name);
	drop_budget(budget);
}

static void check_hook(struct profile *p, const struct profile *config, struct refusals *list)
{
	struct late late = {""};

	check_hook_level(p, BUDGET_MEMORY, &config->resources.memory_limit, &late);
	check_hook_level(p, BUDGET_PIDS, &config->resources.pids_limit, &late);
	check_hook_resources(&p->resources, &config->resources, &late);
	if (p->capabilities.set && (!config->capabilities.set || (config->capabilities.mask & ~p->capabilities.mask))) {
		too_late(&late, "", "capabilities");
		p->capabilities = config->capabilities;
	}
	if (p->no_new_privileges.value == 1 && config->no_new_privileges.value != 1) {
		too_late(&late, "", "noNewPrivileges");
		p->no_new_privileges = config->no_new_privileges;
	}
	if (p->seccomp.kind == SECCOMP_OBJECT && config->seccomp.kind != SECCOMP_OBJECT) {
		too_late(&late, "", "seccomp");
		p->seccomp = config->seccomp;
	}
	if (*late.names)
		cannot(list, "%s (a hook comes too late: use stint-runtime, or Podman's precreate)", late.names);
}

/* "default" asks that there be a filter: the engine's own will do. */
static void check_seccomp(struct profile *p, const struct profile *config, struct refusals *list)
{
	static const struct seccomp_setting none = {SECCOMP_UNSET, NULL, NULL};

	if (p->seccomp.kind == SECCOMP_LEARNED)
		cannot(list, "seccomp \"learned\" (this version of stint learns none)");
	else if (p->seccomp.kind == SECCOMP_DEFAULT && config->seccomp.kind != SECCOMP_OBJECT)
		cannot(list, "seccomp \"default\" (config.json brings no filter and this version of stint ships none)");
	else
		return;
	p->seccomp = none;
}

static int check_enforceable(const struct cgroup_layout *layout, const struct profile *config, enum plan_mode mode,
			     bool refuse, struct plan *plan, struct error *err)
{
	struct refusals list = {.plan = plan, .refuse = refuse};
	struct profile *p = &plan->effective;

	check_budgets(layout, p, &list);
	check_resources(layout, &p->resources, &list);
	check_network(p, &list);
	check_baseline(p, &list);
	check_seccomp(p, config, &list);
	if (mode == PLAN_HOOK)
		check_hook(p, config, &list);
	if (!list.count || !refuse)
		return 0;
	return error_set(err, ENOTSUP, "cannot enforce: %s. Take it out of the profile, or let such containers run all the "
				       "same with \"onUnenforceable\": \"warn\" in stint.json", list.text);
}

/* The config's own filter and "default": the filter there is, is the one. */
static int meet_config(struct profile *effective, const struct profile *config, struct error *err)
{
	struct profile own = *config;
	bool keep = config->seccomp.kind == SECCOMP_OBJECT &&
		    (effective->seccomp.kind == SECCOMP_DEFAULT || effective->seccomp.kind == SECCOMP_LEARNED);

	if (keep)
		own.seccomp = effective->seccomp;
	return profile_meet(effective, &own, effective, err);
}

int plan_make(const struct host *host, const struct host_config *host_config, const struct cgroup_layout *layout,
	      const struct json *config, const struct plan_request *request, enum plan_mode mode,
	      struct plan *ret_plan, struct error *err)
{
	struct plan plan = {.cgroup_mode = layout->mode, .kill_on_monitor_loss = host_config->kill_on_monitor_loss};
	const char *chosen, *asked;
	struct workload workload;
	struct profile own;
	int r;

	describe_workload(config, &workload);
	chosen = request->profile ? request->profile : select_profile(host_config, &workload);
	asked = config_annotation(config, "io.stint.profile");
	r = profile_load(host, chosen, &plan.effective, err);
	if (r < 0)
		return r;
	/* Where nobody else has chosen, the plan goes by the name that the annotation asked for. */
	(void)snprintf(plan.profile_name, sizeof plan.profile_name, "%s",
		       asked && strcmp(chosen, "default") == 0 ? asked : plan.effective.name);
	(void)snprintf(plan.image, sizeof plan.image, "%s", workload.image ? workload.image : "");
	r = apply_request(request, &plan.effective, err);
	if (r == 0 && host_config->has_ceiling)
		r = profile_meet(&plan.effective, &host_config->ceiling, &plan.effective, err);
	if (r == 0)
		r = meet_annotations(host, config, &plan.effective, err);
	if (r == 0)
		r = config_to_profile(config, &own, err);
	if (r == 0)
		r = meet_config(&plan.effective, &own, err);
	if (r == 0)
		r = check_enforceable(layout, &own, mode, host_config->refuse_unenforceable, &plan, err);
	if (r < 0)
		return r;
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
