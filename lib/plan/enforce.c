/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of a plan can be enforced here, by whoever is going to apply it. */
#include "lib/plan/enforce.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What cannot be enforced, as one sentence's list. */
struct refusals {
	char text[ERROR_TEXT_MAX - 256];
	struct plan *plan;
	bool refuse;
	int count;
};

void plan_warn(struct plan *plan, const char *format, ...)
{
	char warning[300];
	va_list args;

	if (plan->warning_count == PLAN_WARNINGS_MAX)
		return;
	va_start(args, format);
	(void)vsnprintf(warning, sizeof warning, format, args);
	va_end(args);
	plan->warnings[plan->warning_count++] = intern(warning);
}

static void cannot(struct refusals *list, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void cannot(struct refusals *list, const char *format, ...)
{
	size_t length = strlen(list->text);
	char one[256];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(one, sizeof one, format, args);
	va_end(args);
	list->count++;
	(void)snprintf(list->text + length, sizeof list->text - length, "%s%s", length ? "; " : "", one);
	if (!list->refuse)
		plan_warn(list->plan, "not enforced: %s", one);
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

static void drop_network(struct profile *p)
{
	struct profile none;

	profile_init(&none, "");
	for (int d = 0; d < NET_DIRECTIONS; d++)
		p->network[d] = none.network[d];
	for (int b = 0; b < BUDGET_COUNT; b++)
		if (budget_is_network((enum budget)b))
			drop_budget(&p->budgets[b]);
}

static void check_network(struct profile *p, const struct network_place *place, struct refusals *list)
{
	if (!profile_asks_network(p) || network_has_own_rules(place))
		return;
	if (place->holder == NETWORK_SANDBOX)
		plan_warn(list->plan, "the network is the pod's: without cgroup v2 the rules and budgets of its sandbox hold for this container, not "
				      "its own");
	else
		cannot(list, "network (%s)", place->why);
	drop_network(p);
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
	/* A set that is not there is an empty one to runtimes, and engines that keep none write none. */
	if (p->capabilities.set && (config->capabilities.mask & ~p->capabilities.mask)) {
		too_late(&late, "", "capabilities");
		p->capabilities = config->capabilities;
	}
	if (p->no_new_privileges.value == 1 && config->no_new_privileges.value != 1) {
		too_late(&late, "", "noNewPrivileges");
		p->no_new_privileges = config->no_new_privileges;
	}
	if (p->seccomp.kind == SECCOMP_OBJECT && !json_equal(p->seccomp.objects[0], config->seccomp.objects[0])) {
		too_late(&late, "", "seccomp");
		p->seccomp = config->seccomp;
	}
	if (*late.names)
		cannot(list, "%s (a hook comes too late: use stint-runtime, or Podman's precreate)", late.names);
}

int plan_check_enforceable(const struct cgroup_layout *layout, const struct profile *config,
			   const struct network_place *place, enum plan_mode mode, bool refuse, struct plan *plan,
			   struct error *err)
{
	struct refusals list = {.plan = plan, .refuse = refuse};
	struct profile *p = &plan->effective;

	check_budgets(layout, p, &list);
	check_resources(layout, &p->resources, &list);
	check_network(p, place, &list);
	check_baseline(p, &list);
	if (mode == PLAN_HOOK)
		check_hook(p, config, &list);
	if (!list.count || !refuse)
		return 0;
	return error_set(err, ENOTSUP, "cannot enforce: %s. Take it out of the profile, or let such containers run all the "
				       "same with \"onUnenforceable\": \"warn\" in stint.json", list.text);
}
