/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `stint verify`: the monitor, the kernel's limits on the group, the budgets. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/verify.h"
#include "lib/profile/profile.h"
#include "lib/report/fields.h"

#define put_text(field, ...) ((void)snprintf(field, sizeof field, __VA_ARGS__))

static bool process_there(const struct host *host, int32_t pid)
{
	char path[PATH_MAX];

	if (pid <= 0)
		return false;
	(void)snprintf(path, sizeof path, "%s/%d", host->proc, pid);
	return access(path, F_OK) == 0;
}

void verify_monitor(struct verification *v)
{
	const struct live *live = v->live;
	bool monitor = process_there(v->host, live->monitor), standby = process_there(v->host, live->standby);
	struct control *control;

	if (!live->watched) {
		control = verification_add(v, "monitor", CONTROL_ABSENT);
		put_text(control->found, "no process of it is alive");
	} else {
		control = verification_add(v, "monitor", monitor && standby ? CONTROL_ENFORCED : CONTROL_DEGRADED);
		put_text(control->found, "%s%s", monitor ? "monitor" : "no monitor",
			 standby ? " and standby" : ", no standby");
	}
	put_text(control->planned, "monitor and standby");
}

/* A limit of the kernel: what is stricter than planned is as good. */
static void verify_limit(struct verification *v, const char *name, enum unit unit, uint64_t planned,
			 uint64_t found, bool group_there)
{
	struct control *control;
	char text[UNIT_TEXT_MAX];

	if (planned == 0)
		return;
	control = verification_add(v, name, found <= planned	  ? CONTROL_ENFORCED :
					    found == UINT64_MAX ? CONTROL_ABSENT : CONTROL_DEGRADED);
	put_text(control->planned, "%s", unit_format(unit, planned, text));
	if (!group_there)
		put_text(control->found, "its control group is not there");
	else
		put_text(control->found, "%s", found == UINT64_MAX ? "no limit" : unit_format(unit, found, text));
}

static void verify_cpu_quota(struct verification *v, const struct cgroup_limits *limits, bool group_there)
{
	const struct ledger_plan *plan = v->live->plan;
	bool limited = limits->cpu_quota_us != UINT64_MAX && limits->cpu_period_us != UINT64_MAX &&
		       limits->cpu_period_us != 0;
	enum control_status status = CONTROL_ABSENT;
	struct control *control;

	if (plan->cpu_quota_us == 0)
		return;
	if (limited) /* as fractions: found/period <= planned/period */
		status = (unsigned __int128)limits->cpu_quota_us * plan->cpu_period_us <=
					 (unsigned __int128)plan->cpu_quota_us * limits->cpu_period_us ?
				 CONTROL_ENFORCED : CONTROL_DEGRADED;
	control = verification_add(v, "cpu quota", status);
	put_text(control->planned, "%llu us of %llu us", (unsigned long long)plan->cpu_quota_us,
		 (unsigned long long)plan->cpu_period_us);
	if (limited)
		put_text(control->found, "%llu us of %llu us", (unsigned long long)limits->cpu_quota_us,
			 (unsigned long long)limits->cpu_period_us);
	else
		put_text(control->found, "%s", group_there ? "no quota" : "its control group is not there");
}

void verify_limits(struct verification *v)
{
	const struct ledger_plan *plan = v->live->plan;
	struct cgroup_limits limits = CGROUP_LIMITS_NONE;
	struct cgroup group = CGROUP_CLOSED(v->layout);
	bool there = live_group(v->host, v->layout, v->live, &group, NULL) == 0;

	if (there && cgroup_limits_get(&group, &limits, NULL) < 0)
		there = false;
	cgroup_close(&group);
	if (!there)
		limits = CGROUP_LIMITS_NONE;
	verify_limit(v, "memory limit", UNIT_SIZE, plan->memory_limit, limits.memory_bytes, there);
	verify_limit(v, "pids limit", UNIT_COUNT, plan->pids_limit, limits.pids, there);
	verify_cpu_quota(v, &limits, there);
}

static const struct control *find_control(const struct verification *v, const char *name)
{
	for (int i = 0; i < v->count; i++)
		if (strcmp(v->controls[i].name, name) == 0)
			return &v->controls[i];
	return NULL;
}

/* What enforces a budget that the ledger has: the monitor, or for a level the kernel's limit. */
static void verify_enforcer(const struct verification *v, enum budget b, struct control *control)
{
	const struct control *limit;

	if (!budget_kinds[b].enforced) {
		control->status = CONTROL_ABSENT;
		put_text(control->note, "this version cannot enforce it");
	} else if (budget_kinds[b].level) {
		limit = find_control(v, b == BUDGET_MEMORY ? "memory limit" : "pids limit");
		if (limit && limit->status == CONTROL_ENFORCED)
			return;
		control->status = limit ? limit->status : CONTROL_ABSENT;
		put_text(control->note, "the kernel's limit is not as planned");
	} else if (!v->live->watched) {
		control->status = CONTROL_ABSENT;
		put_text(control->note, "no monitor is alive to enforce it");
	} else if (b == BUDGET_WALL && !v->live->state.started_boot_ns) {
		put_text(control->note, "its deadline is set when the container starts");
	}
}

static void verify_budget(struct verification *v, enum budget b, uint64_t planned)
{
	const struct budget_rule *rule = &v->live->plan->budgets[b];
	char name[40], text[UNIT_TEXT_MAX];
	struct control *control;

	(void)snprintf(name, sizeof name, "budget %s", budget_kinds[b].name);
	control = verification_add(v, name, CONTROL_ENFORCED);
	put_text(control->planned, "%s", unit_format(budget_kinds[b].unit, planned, text));
	if (!rule->set) {
		control->status = CONTROL_ABSENT;
		put_text(control->found, "not in the monitor's ledger");
		return;
	}
	put_text(control->found, "%s", unit_format(budget_kinds[b].unit, rule->limit, text));
	if (rule->limit > planned)
		control->status = CONTROL_DEGRADED;
	verify_enforcer(v, b, control);
}

void verify_budgets(struct verification *v)
{
	const struct json *budgets = json_get(v->effective, "budgets");

	for (int b = 0; b < BUDGET_COUNT; b++) {
		uint64_t planned;

		if (report_number(json_get(budgets, budget_kinds[b].name), "limit", &planned))
			verify_budget(v, (enum budget)b, planned);
	}
}
