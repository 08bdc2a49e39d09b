/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of the plan the monitor goes by, and what earlier runs of the same container have used of it. */
#include "lib/launch/internal.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/units.h"
#include "lib/net/policy.h"
#include "lib/plan/edit.h"
#include "lib/state/lives.h"

void launch_copy(char *to, size_t size, const char *from)
{
	size_t length = from ? strnlen(from, size - 1) : 0;

	if (length)
		memcpy(to, from, length);
	to[length] = '\0';
}

void launch_warn(struct ledger_plan *plan, const char *text)
{
	for (int i = 0; i < LEDGER_WARNINGS_MAX; i++)
		if (!plan->warnings[i][0]) {
			launch_copy(plan->warnings[i], sizeof plan->warnings[i], text);
			return;
		}
}

static void plan_budgets(struct ledger_plan *to, const struct profile *effective)
{
	for (int b = 0; b < BUDGET_COUNT; b++) {
		const struct budget_setting *from = &effective->budgets[b];
		struct budget_rule *rule = &to->budgets[b];

		if (from->limit.value == UNSET)
			continue;
		*rule = (struct budget_rule){
			.set = true,
			.action = from->action.value == UNSET ? ACTION_KILL : (uint8_t)from->action.value,
			.warn = from->warn.value == UNSET ? 0 : (uint8_t)from->warn.value,
			.limit = from->limit.value,
			.grace_ns = from->grace_ns.value == UNSET ? 0 : from->grace_ns.value,
		};
		if (from->rate_per.value != UNSET) {
			rule->rate_limit = from->rate_limit;
			rule->rate_per = from->rate_per.value;
		}
		launch_copy(to->sources[b], sizeof to->sources[b], from->limit.from);
	}
}

static unsigned count_cpus(const struct cpu_set *set)
{
	unsigned n = 0;

	for (int i = 0; i < CPU_SET_WORDS; i++)
		n += (unsigned)__builtin_popcountll(set->bits[i]);
	return n;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

void launch_fill_plan(struct ledger_plan *to, const struct launch_request *request, const char *key)
{
	const struct plan *plan = request->plan;
	const struct resources *resources = &plan->effective.resources;
	struct cgroup_limits limits;
	unsigned allowed = resources->cpus.set ? count_cpus(&resources->cpus) : 0;

	plan_limits(plan, &limits);
	launch_copy(to->id, sizeof to->id, request->id);
	launch_copy(to->key, sizeof to->key, key);
	launch_copy(to->profile, sizeof to->profile, plan->profile_name);
	launch_copy(to->image, sizeof to->image, plan->image);
	launch_copy(to->runtime_path, sizeof to->runtime_path, request->runtime);
	launch_copy(to->runtime, sizeof to->runtime, base_name(request->runtime));
	to->cgroup_mode = (uint8_t)plan->cgroup_mode;
	to->launcher = (uint8_t)request->launcher;
	to->launcher_guards = request->launcher_guards;
	to->kill_on_monitor_loss = plan->kill_on_monitor_loss;
	to->network = plan->network && net_policy_asks(plan->network);
	to->network_recorded = plan->network && plan->network->record.set;
	to->network_owned = plan->network && plan->network->owned;
	to->watch = (uint8_t)plan->watch;
	(void)snprintf(to->workload, sizeof to->workload, "%s", plan->workload);
	plan_budgets(to, &plan->effective);
	if (limits.cpu_quota_us != UINT64_MAX) {
		to->cpu_quota_us = limits.cpu_quota_us;
		to->cpu_period_us = limits.cpu_period_us;
	}
	to->memory_limit = limits.memory_bytes == UINT64_MAX ? 0 : limits.memory_bytes;
	to->pids_limit = limits.pids == UINT64_MAX ? 0 : limits.pids;
	to->cpus = host_cpus_online(request->host);
	if (allowed && allowed < to->cpus)
		to->cpus = allowed;
	to->created_boot_ns = request->host->boottime_ns();
	to->created_real_ns = request->host->realtime_ns();
	for (int i = 0; i < plan->warning_count && i < LEDGER_WARNINGS_MAX; i++)
		launch_copy(to->warnings[i], sizeof to->warnings[i], plan->warnings[i]);
}

/* Time passed since refills a rate's bucket. */
static uint64_t missing_now(const struct budget_rule *rule, uint64_t missing, uint64_t passed_ns)
{
	struct bucket bucket;

	bucket_start(&bucket, rule, 0, 0);
	bucket.level = budget_remaining(rule->limit, missing);
	return budget_remaining(rule->limit, bucket_take(&bucket, rule, passed_ns, 0));
}

/* It goes on where its earlier lives left off, and is not started to be stopped at once. */
int launch_take_earlier_lives(struct ledger_plan *plan, const struct launch_request *request, struct error *err)
{
	_cleanup_close_ int lives_fd = -1;
	char text[LEDGER_TEXT_MAX];
	struct life life;
	bool counts = false;
	int r;

	if (!life_is_kept(plan->id))
		return 0;
	r = lives_open(request->host, plan->key, &lives_fd, err);
	if (r < 0)
		return r;
	r = life_read(lives_fd, plan->key, &life, err);
	if (r < 0)
		return error_prefix(err, "read what earlier runs of this container used (%s/lives/%.2s/%s; without that file "
				    "its budgets begin anew)", request->host->state_dir, plan->key, plan->key);
	plan->runs_before = life.runs;
	for (int b = 0; b < BUDGET_COUNT; b++) {
		struct budget_rule *rule = &plan->budgets[b];
		char limit[UNIT_TEXT_MAX];

		if (!rule->set || budget_kinds[b].level)
			continue;
		rule->used_before = !budget_kinds[b].rate ? life.used[b] :
				    missing_now(rule, life.used[b], budget_remaining(plan->created_real_ns, life.ended_real_ns));
		counts = counts || rule->used_before;
		if (!budget_kinds[b].rate && rule->action >= ACTION_TERM && rule->used_before >= rule->limit)
			return error_set(err, EDQUOT, "the %s budget of %s of this container is spent, in %llu earlier run%s; "
						      "a new container begins anew", budget_kinds[b].name,
					 unit_format(budget_kinds[b].unit, rule->limit, limit),
					 (unsigned long long)life.runs, life.runs == 1 ? "" : "s");
	}
	(void)snprintf(text, sizeof text, "its budgets go on from %llu earlier run%s of this container",
		       (unsigned long long)life.runs, life.runs == 1 ? "" : "s");
	if (counts)
		launch_warn(plan, text);
	return 0;
}
