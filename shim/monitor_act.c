/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is done when a budget is spent. */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "shim/monitor.h"

void monitor_say(struct monitor *m, const char *format, ...)
{
	char text[LEDGER_TEXT_MAX], line[LEDGER_TEXT_MAX + 2];
	va_list args;
	int n;

	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args);
	va_end(args);
	ledger_warn(&m->state, "%s", text);
	n = snprintf(line, sizeof line, "%s\n", text);
	if (write(m->notify, line, (size_t)n) < 0)
		return; /* nobody listens, or reads too slowly: the report has it */
}

static void describe(struct monitor *m, int budget, uint64_t used, const char *what)
{
	const struct budget_rule *rule = &m->ledger->plan.budgets[budget];
	enum unit unit = budget_kinds[budget].unit;
	char limit[UNIT_TEXT_MAX], use[UNIT_TEXT_MAX];

	monitor_say(m, "%s budget of %s %s (used %s)", budget_kinds[budget].name,
		    unit_format(unit, rule->limit, limit), what, unit_format(unit, used, use));
}

void act_on_warnings(struct monitor *m, const struct decision *decision, const struct reading *reading)
{
	for (int b = 0; b < BUDGET_COUNT; b++) {
		char what[64];

		if (!(decision->warned & UINT32_C(1) << b))
			continue;
		(void)snprintf(what, sizeof what, "is %u%% spent", m->ledger->plan.budgets[b].warn);
		describe(m, b, schedule_used(&m->state.schedule, m->ledger->plan.budgets, reading, (enum budget)b),
			 what);
	}
}

void act_on_quota(struct monitor *m, uint64_t quota_us, uint64_t period_us)
{
	const struct ledger_plan *plan = &m->ledger->plan;

	bool back = quota_us == 0;

	/* Never looser than the plan's own quota. */
	if (quota_us == 0 || (plan->cpu_quota_us &&
			      (unsigned __int128)plan->cpu_quota_us * period_us <
				      (unsigned __int128)quota_us * plan->cpu_period_us)) {
		quota_us = plan->cpu_quota_us;
		period_us = plan->cpu_quota_us ? plan->cpu_period_us : period_us;
	}
	if (cgroup_cpu_quota(&m->own, quota_us, period_us) < 0)
		ledger_warn(&m->state, "the CPU quota could not be set");
	/* v1 wants no child above its parent, so the container's own was lowered too. */
	if (back && plan->cpu_quota_us && plan->nested && m->layout.mode != CGROUP_V2)
		(void)cgroup_cpu_quota(&m->payload, plan->cpu_quota_us, plan->cpu_period_us);
}

/* As a number: whole pages, far above any machine's. */
static const uint64_t no_limit = INT64_MAX & ~UINT64_C(0xffff);

/* Looser only: where the group above has room already it stays as it is. */
int act_on_update(struct monitor *m, const struct cgroup_limits *asked)
{
	struct ledger_plan *plan = &m->ledger->plan;
	struct cgroup_limits to = CGROUP_LIMITS_NONE, now;
	bool quota = plan->cpu_quota_us && asked->cpu_quota_us != UINT64_MAX && asked->cpu_period_us != UINT64_MAX &&
		     (unsigned __int128)asked->cpu_quota_us * plan->cpu_period_us >
			     (unsigned __int128)plan->cpu_quota_us * asked->cpu_period_us;
	int r;

	if (plan->memory_limit && asked->memory_bytes != UINT64_MAX && asked->memory_bytes > plan->memory_limit) {
		to.memory_bytes = asked->memory_bytes;
		to.memory_swap_bytes = asked->memory_swap_bytes;
		/* Of an earlier update, and in this one's way: memory and swap together cannot be below memory. */
		if (to.memory_swap_bytes == UINT64_MAX && cgroup_limits_get(&m->own, &now, NULL) == 0 &&
		    now.memory_swap_bytes != UINT64_MAX && now.memory_swap_bytes < to.memory_bytes)
			to.memory_swap_bytes = no_limit;
	}
	if (plan->pids_limit && asked->pids != UINT64_MAX && asked->pids > plan->pids_limit)
		to.pids = asked->pids;
	/* While we hold the container to less it is our quota that counts, and this one later. */
	if (quota && !m->state.schedule.quota_us) {
		to.cpu_quota_us = asked->cpu_quota_us;
		to.cpu_period_us = asked->cpu_period_us;
	}
	r = cgroup_limits_set(&m->own, &to, NULL);
	if (r < 0)
		return r;
	if (to.memory_bytes != UINT64_MAX)
		plan->memory_limit = to.memory_bytes;
	if (to.pids != UINT64_MAX)
		plan->pids_limit = to.pids;
	if (quota) {
		plan->cpu_quota_us = asked->cpu_quota_us;
		plan->cpu_period_us = asked->cpu_period_us;
	}
	return 0;
}

/* To init alone, as `docker stop` does: it is the one that knows how to end the rest. */
static void terminate(struct monitor *m)
{
	if (m->fds[SOURCE_INIT] >= 0)
		(void)syscall(SYS_pidfd_send_signal, m->fds[SOURCE_INIT], SIGTERM, NULL, 0);
	else
		(void)cgroup_signal(&m->own, SIGTERM);
}

void act_on_spent(struct monitor *m, int budget, uint64_t used, uint64_t now_ns)
{
	const struct budget_rule *rule = &m->ledger->plan.budgets[budget];

	if (m->state.budget < 0 || rule->action > m->state.action) {
		m->state.budget = budget;
		m->state.action = rule->action;
		m->state.verdict_used = used;
		m->state.detected_boot_ns = now_ns;
	}
	switch (rule->action) {
	case ACTION_TERM:
		if (!m->state.kill_after_boot_ns)
			m->state.kill_after_boot_ns = now_ns + rule->grace_ns;
		break;
	case ACTION_KILL:
		m->state.kill_after_boot_ns = now_ns;
		break;
	default:
		describe(m, budget, used, rule->action == ACTION_FREEZE	  ? "is spent: frozen" :
					  rule->action == ACTION_THROTTLE ? "is spent: throttled" : "is spent");
	}
	/* Said before it is done: whoever takes over from here goes on with it. */
	ledger_commit(m->ledger, &m->state);
	if (rule->action == ACTION_TERM)
		terminate(m);
	else if (rule->action == ACTION_FREEZE && cgroup_freeze(&m->own, true) < 0)
		ledger_warn(&m->state, "the container could not be frozen");
}

/* Events tell when it is empty; the looks between are for what does not die at once, or is on a
 * kernel without events, and grow rarer. */
uint64_t act_kill(struct monitor *m, uint64_t now_ns)
{
	static const uint64_t shortest = 1000000, longest = 500000000;
	bool first = !m->state.killing_boot_ns;
	uint64_t wait;

	if (first) {
		m->state.killing_boot_ns = now_ns;
		if (!m->ledger->plan.nested)
			end_read_figures(m); /* the runtime may remove its group before we can at the end */
		ledger_commit(m->ledger, &m->state);
	}
	(void)cgroup_kill(&m->own);
	if (first) {
		cgroup_hasten(&m->own);
		cgroup_hasten(&m->payload);
	}
	wait = (m->host.boottime_ns() - m->state.killing_boot_ns) / 4;
	return now_ns + (wait < shortest ? shortest : wait > longest ? longest : wait);
}
