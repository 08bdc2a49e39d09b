/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/budget/schedule.h"

#include <string.h>

#define NEVER UINT64_MAX
#define UNKNOWN UINT64_MAX

enum { HOLD_PERIOD_US = 100000 };

static uint32_t bit(enum budget b)
{
	return UINT32_C(1) << b;
}

static uint64_t later(uint64_t now_ns, uint64_t wait_ns)
{
	return wait_ns >= NEVER - now_ns ? NEVER : now_ns + wait_ns;
}

void schedule_replan(struct schedule_state *state, const struct budget_rule rules[BUDGET_COUNT])
{
	for (int b = 0; b < BUDGET_COUNT; b++)
		state->next_ns[b] = rules[b].set && !budget_kinds[b].level ? 0 : NEVER;
}

void schedule_start(struct schedule_state *state, const struct budget_rule rules[BUDGET_COUNT],
		    const struct reading *reading)
{
	*state = (struct schedule_state){.began_ns = reading->now_ns};
	schedule_replan(state, rules);
	if (rules[BUDGET_CPU_RATE].set)
		bucket_start(&state->cpu_bucket, &rules[BUDGET_CPU_RATE], reading->now_ns,
			     reading->cpu_ns == UNKNOWN ? 0 : reading->cpu_ns);
	state->cpu_bucket.level = budget_remaining(state->cpu_bucket.level, rules[BUDGET_CPU_RATE].used_before);
	integral_start(&state->memory, reading->now_ns,
		       reading->memory_bytes == UNKNOWN ? 0 : reading->memory_bytes);
	pace_start(&state->pace, reading->now_ns);
}

void schedule_count(struct schedule_state *state, const struct budget_rule rules[BUDGET_COUNT], const struct reading *reading)
{
	if (rules[BUDGET_CPU_RATE].set && reading->cpu_ns != UNKNOWN)
		(void)bucket_take(&state->cpu_bucket, &rules[BUDGET_CPU_RATE], reading->now_ns, reading->cpu_ns);
	if (reading->memory_bytes != UNKNOWN)
		(void)integral_add(&state->memory, reading->now_ns, reading->memory_bytes);
}

struct schedule_needs schedule_needs(const struct schedule_state *state,
				     const struct budget_rule rules[BUDGET_COUNT], uint64_t now_ns)
{
	return (struct schedule_needs){
		.cpu = (rules[BUDGET_CPU].set && state->next_ns[BUDGET_CPU] <= now_ns) ||
		       (rules[BUDGET_CPU_RATE].set && state->next_ns[BUDGET_CPU_RATE] <= now_ns),
		.memory = rules[BUDGET_MEMORY_TIME].set && state->next_ns[BUDGET_MEMORY_TIME] <= now_ns,
	};
}

uint64_t schedule_used(const struct schedule_state *state, const struct budget_rule rules[BUDGET_COUNT],
		       const struct reading *reading, enum budget budget)
{
	switch (budget) {
	case BUDGET_WALL:
		return rules[budget].used_before + (reading->started_ns && reading->now_ns > reading->started_ns ?
							    reading->now_ns - reading->started_ns : 0);
	case BUDGET_CPU:
		return reading->cpu_ns == UNKNOWN ? UNKNOWN : rules[budget].used_before + reading->cpu_ns;
	case BUDGET_CPU_RATE:
		return budget_remaining(rules[budget].limit, state->cpu_bucket.level);
	case BUDGET_MEMORY:
		/* What was refused is not in the peak, so a spent budget shows at least its limit. */
		if (reading->oom_kills && (reading->memory_peak_bytes == UNKNOWN ||
					   reading->memory_peak_bytes < rules[budget].limit))
			return rules[budget].limit;
		return reading->memory_peak_bytes;
	case BUDGET_MEMORY_TIME:
		return rules[budget].used_before + state->memory.whole;
	case BUDGET_PIDS:
		return reading->pids_refused ? rules[budget].limit : reading->pids;
	default:
		return budget_is_network(budget) ? reading->network_used[budget] : UNKNOWN;
	}
}

/* A budget that is a level is enforced by the kernel; it is spent when the kernel had to. */
static bool level_spent(const struct reading *reading, enum budget b)
{
	return (b == BUDGET_MEMORY && reading->oom_kills > 0) ||
	       (b == BUDGET_PIDS && reading->pids_refused > 0);
}

/* The kernel counts CPU time, but a level's integral is only what was seen of it. */
static uint64_t sample_after(const struct schedule_state *state, uint64_t now_ns)
{
	uint64_t wait = budget_remaining(now_ns, state->began_ns) / 4;

	return wait < SAMPLE_MIN_NS ? SAMPLE_MIN_NS : wait > SAMPLE_MAX_NS ? SAMPLE_MAX_NS : wait;
}

/* When `rules[b]` can be spent, or its warning be due, at the earliest. */
static uint64_t earliest(const struct schedule_state *state, const struct budget_rule *rule,
			 const struct reading *reading, enum budget b, uint64_t used)
{
	uint64_t target = rule->limit, wait, warn_at;
	uint64_t rate = b == BUDGET_MEMORY_TIME ? reading->memory_limit : reading->cpu_rate;
	bool warning = rule->warn && !(state->warned & bit(b));

	if (b == BUDGET_CPU_RATE)
		/* It refills meanwhile, so this is early rather than late. */
		return later(reading->now_ns, budget_remaining(budget_time_until(state->cpu_bucket.level, rate),
							       reading->cpu_lag_ns));
	if (warning) {
		warn_at = budget_warn_at(rule->limit, rule->warn);
		if (used < warn_at)
			target = warn_at;
	}
	if (b == BUDGET_WALL)
		return reading->started_ns ?
			       later(reading->started_ns, budget_remaining(target, rule->used_before)) : NEVER;
	wait = budget_time_until(budget_remaining(target, used), rate);
	if (b == BUDGET_CPU && wait != NEVER)
		wait = budget_remaining(wait, reading->cpu_lag_ns);
	/* A warning may be late by a sixty-fourth: no reason to close in on it. */
	if (target != rule->limit && wait < budget_time_until(rule->limit / 64, rate))
		wait = budget_time_until(rule->limit / 64, rate);
	if (b == BUDGET_MEMORY_TIME && wait > sample_after(state, reading->now_ns))
		wait = sample_after(state, reading->now_ns);
	return later(reading->now_ns, wait);
}

static void note_spent(struct schedule_state *state, const struct budget_rule *rules,
		       struct decision *decision, enum budget b, uint64_t used)
{
	state->spent |= bit(b);
	if (decision->spent < 0 || rules[b].action > rules[decision->spent].action) {
		if (decision->spent >= 0)
			decision->also |= bit((enum budget)decision->spent);
		decision->spent = (int)b;
		decision->used = used;
	} else {
		decision->also |= bit(b);
	}
}

/* cpuRate with action throttle is not over when it is spent: it is held to its refill until the
 * bucket has a quarter again, and so on. */
static void look_at_rate(struct schedule_state *state, const struct budget_rule *rules,
			 const struct reading *reading, struct decision *decision)
{
	const struct budget_rule *rule = &rules[BUDGET_CPU_RATE];
	uint64_t level = state->cpu_bucket.level, enough = rule->limit / 4;

	if (reading->cpu_ns == UNKNOWN)
		return;
	if (level == 0 && !(state->spent & bit(BUDGET_CPU_RATE)))
		note_spent(state, rules, decision, BUDGET_CPU_RATE, rule->limit);
	else if (rule->warn && !((state->warned | state->spent) & bit(BUDGET_CPU_RATE)) &&
		 rule->limit - level >= budget_warn_at(rule->limit, rule->warn)) {
		state->warned |= bit(BUDGET_CPU_RATE);
		decision->warned |= bit(BUDGET_CPU_RATE);
	}
	if (rule->action == ACTION_THROTTLE) {
		if (level == 0)
			state->rate_throttled = true;
		else if (level >= enough)
			state->rate_throttled = false;
		if (state->rate_throttled) {
			uint64_t wait = bucket_time_until(&state->cpu_bucket, rule, enough);

			state->next_ns[BUDGET_CPU_RATE] = later(reading->now_ns, wait);
			return;
		}
	} else if (state->spent & bit(BUDGET_CPU_RATE)) {
		state->next_ns[BUDGET_CPU_RATE] = NEVER;
		return;
	}
	state->next_ns[BUDGET_CPU_RATE] = earliest(state, rule, reading, BUDGET_CPU_RATE, 0);
}

static bool figure_known(const struct reading *reading, enum budget b)
{
	if (b == BUDGET_CPU)
		return reading->cpu_ns != UNKNOWN;
	if (b == BUDGET_MEMORY_TIME)
		return reading->memory_bytes != UNKNOWN;
	return true;
}

/* Counted and held by the kernel, packet by packet, which says when it is spent. */
static void look_at_told(struct schedule_state *state, const struct budget_rule *rules, const struct reading *reading,
			 struct decision *decision, enum budget b)
{
	state->next_ns[b] = NEVER;
	if (state->spent & bit(b))
		return;
	if (reading->told_spent & bit(b)) {
		note_spent(state, rules, decision, b, reading->network_used[b]);
	} else if (rules[b].warn && (reading->told_warned & bit(b)) && !(state->warned & bit(b))) {
		state->warned |= bit(b);
		decision->warned |= bit(b);
	}
}

static void look_at(struct schedule_state *state, const struct budget_rule *rules,
		    const struct reading *reading, struct decision *decision, enum budget b)
{
	const struct budget_rule *rule = &rules[b];
	uint64_t used;

	if (!figure_known(reading, b) || (state->spent & bit(b)))
		return;
	used = schedule_used(state, rules, reading, b);
	if (budget_kinds[b].level ? level_spent(reading, b) : used >= rule->limit) {
		note_spent(state, rules, decision, b, used);
		state->next_ns[b] = NEVER;
		return;
	}
	if (rule->warn && !(state->warned & bit(b)) && used != UNKNOWN &&
	    used >= budget_warn_at(rule->limit, rule->warn)) {
		state->warned |= bit(b);
		decision->warned |= bit(b);
	}
	if (!budget_kinds[b].level)
		state->next_ns[b] = earliest(state, rule, reading, b, used);
}

/* The strictest quota that anything asks for now. */
static void choose_quota(struct schedule_state *state, const struct budget_rule *rules,
			 struct decision *decision)
{
	uint64_t quota = state->hold_us, period = HOLD_PERIOD_US;

	if (state->rate_throttled && quota == 0) {
		const struct budget_rule *rule = &rules[BUDGET_CPU_RATE];

		quota = (uint64_t)((unsigned __int128)rule->rate_limit * HOLD_PERIOD_US / rule->rate_per);
		if (quota < 1000)
			quota = 1000;
	}
	for (int b = 0; b < BUDGET_COUNT; b++)
		if ((state->spent & bit((enum budget)b)) && rules[b].action == ACTION_THROTTLE &&
		    b != BUDGET_CPU_RATE && !budget_kinds[b].level && !budget_is_network((enum budget)b)) {
			quota = TRICKLE_QUOTA_US;
			period = TRICKLE_PERIOD_US;
		}
	decision->set_quota = quota != state->quota_us || (quota && period != state->period_us);
	decision->quota_us = state->quota_us = quota;
	decision->period_us = state->period_us = period;
}

/* Paces the looks of the budgets that have to be looked at; returns the quota that holds the
 * container while they may not be looked at as often as would be needed, or 0. */
static uint64_t pace_looks(struct schedule_state *state, const struct budget_rule *rules,
			   const struct reading *reading)
{
	static const enum budget looked_at[] = {BUDGET_CPU, BUDGET_CPU_RATE, BUDGET_MEMORY_TIME};
	uint64_t earliest_ns = NEVER, wait, allowed, remaining;
	bool slow;

	for (size_t i = 0; i < sizeof looked_at / sizeof looked_at[0]; i++)
		if (rules[looked_at[i]].set && state->next_ns[looked_at[i]] < earliest_ns)
			earliest_ns = state->next_ns[looked_at[i]];
	if (earliest_ns == NEVER)
		return 0;
	wait = earliest_ns > reading->now_ns ? earliest_ns - reading->now_ns : 0;
	if (wait < LOOK_MIN_NS)
		wait = LOOK_MIN_NS;
	allowed = pace_next(&state->pace, reading->now_ns, wait, &slow);
	for (size_t i = 0; i < sizeof looked_at / sizeof looked_at[0]; i++)
		if (rules[looked_at[i]].set && state->next_ns[looked_at[i]] != NEVER &&
		    state->next_ns[looked_at[i]] < later(reading->now_ns, allowed))
			state->next_ns[looked_at[i]] = later(reading->now_ns, allowed);
	if (reading->cpu_ns == UNKNOWN)
		return state->hold_us; /* this look was about something else */
	if (!slow || !rules[BUDGET_CPU].set || (state->spent & bit(BUDGET_CPU)))
		return 0;
	remaining = budget_remaining(rules[BUDGET_CPU].limit, schedule_used(state, rules, reading, BUDGET_CPU));
	if (budget_time_until(remaining, reading->cpu_rate) >= allowed)
		return 0;
	return hold_quota(remaining, allowed, HOLD_PERIOD_US);
}

void schedule_look(struct schedule_state *state, const struct budget_rule rules[BUDGET_COUNT],
		   const struct reading *reading, struct decision *ret_decision)
{
	struct decision decision = {.spent = -1, .next_ns = NEVER};

	schedule_count(state, rules, reading);
	for (int b = 0; b < BUDGET_COUNT; b++) {
		if (!rules[b].set || !budget_kinds[b].enforced)
			continue;
		if (b == BUDGET_CPU_RATE)
			look_at_rate(state, rules, reading, &decision);
		else if (budget_is_network((enum budget)b))
			look_at_told(state, rules, reading, &decision, (enum budget)b);
		else
			look_at(state, rules, reading, &decision, (enum budget)b);
	}
	state->hold_us = pace_looks(state, rules, reading);
	choose_quota(state, rules, &decision);
	for (int b = 0; b < BUDGET_COUNT; b++)
		if (rules[b].set && budget_kinds[b].enforced && state->next_ns[b] < decision.next_ns)
			decision.next_ns = state->next_ns[b];
	*ret_decision = decision;
}
