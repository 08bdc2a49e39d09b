/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/budget/budget.h"

#include <string.h>

static const uint64_t second = 1000000000;

const struct budget_kind budget_kinds[BUDGET_COUNT] = {
	[BUDGET_WALL] = {"wall", UNIT_DURATION, false, false, true},
	[BUDGET_CPU] = {"cpu", UNIT_DURATION, false, false, true},
	[BUDGET_CPU_RATE] = {"cpuRate", UNIT_DURATION, false, true, true},
	[BUDGET_MEMORY] = {"memory", UNIT_SIZE, true, false, true},
	[BUDGET_MEMORY_TIME] = {"memoryTime", UNIT_BYTE_TIME, false, false, true},
	[BUDGET_PIDS] = {"pids", UNIT_COUNT, true, false, true},
	[BUDGET_IO_READ] = {"ioRead", UNIT_SIZE, false, false, false},
	[BUDGET_IO_WRITE] = {"ioWrite", UNIT_SIZE, false, false, false},
	[BUDGET_NET_EGRESS] = {"netEgress", UNIT_SIZE, false, false, true},
	[BUDGET_NET_INGRESS] = {"netIngress", UNIT_SIZE, false, false, true},
	[BUDGET_NET_EGRESS_INTERNET] = {"netEgressInternet", UNIT_SIZE, false, false, true},
	[BUDGET_IDLE] = {"idle", UNIT_DURATION, false, false, false},
	[BUDGET_STALL] = {"stall", UNIT_DURATION, false, true, false},
};

const char *const action_names[ACTION_COUNT] = {"warn", "throttle", "cut", "freeze", "term", "kill"};

int budget_from_name(const char *name)
{
	for (int b = 0; b < BUDGET_COUNT; b++)
		if (strcmp(budget_kinds[b].name, name) == 0)
			return b;
	return -1;
}

int action_from_name(const char *name)
{
	for (int a = 0; a < ACTION_COUNT; a++)
		if (strcmp(action_names[a], name) == 0)
			return a;
	return -1;
}

bool budget_is_network(enum budget budget)
{
	return budget == BUDGET_NET_EGRESS || budget == BUDGET_NET_INGRESS || budget == BUDGET_NET_EGRESS_INTERNET;
}

uint64_t budget_remaining(uint64_t limit, uint64_t used)
{
	return used < limit ? limit - used : 0;
}

uint64_t budget_warn_at(uint64_t limit, unsigned percent)
{
	return (uint64_t)(((unsigned __int128)limit * percent + 99) / 100);
}

uint64_t budget_time_until(uint64_t remaining, uint64_t rate_per_sec)
{
	unsigned __int128 wait;

	if (remaining == 0)
		return 0;
	if (rate_per_sec == 0)
		return UINT64_MAX;
	wait = (unsigned __int128)remaining * second / rate_per_sec;
	if (wait > INT64_MAX)
		return UINT64_MAX;
	return wait ? (uint64_t)wait : 1;
}

uint64_t cpu_rate(unsigned cpus, uint64_t quota_us, uint64_t period_us)
{
	uint64_t all = cpus * second;
	unsigned __int128 limited;

	if (quota_us == 0 || period_us == 0)
		return all;
	limited = (unsigned __int128)quota_us * second / period_us;
	return limited < all ? (uint64_t)limited : all;
}

void bucket_start(struct bucket *bucket, const struct budget_rule *rule, uint64_t now_ns, uint64_t used)
{
	*bucket = (struct bucket){.level = rule->limit, .at_ns = now_ns, .seen_used = used};
}

uint64_t bucket_take(struct bucket *bucket, const struct budget_rule *rule, uint64_t now_ns, uint64_t used)
{
	if (now_ns > bucket->at_ns && rule->rate_per) {
		unsigned __int128 refill = (unsigned __int128)(now_ns - bucket->at_ns) * rule->rate_limit / rule->rate_per;
		uint64_t room = rule->limit - bucket->level;

		bucket->level += refill < room ? (uint64_t)refill : room;
		bucket->at_ns = now_ns;
	}
	if (used > bucket->seen_used) {
		bucket->level = budget_remaining(bucket->level, used - bucket->seen_used);
		bucket->seen_used = used;
	}
	return bucket->level;
}

uint64_t bucket_time_until(const struct bucket *bucket, const struct budget_rule *rule, uint64_t level)
{
	unsigned __int128 wait;

	if (bucket->level >= level)
		return 0;
	if (!rule->rate_limit)
		return UINT64_MAX;
	wait = ((unsigned __int128)(level - bucket->level) * rule->rate_per + rule->rate_limit - 1) / rule->rate_limit;
	return wait > INT64_MAX ? UINT64_MAX : (uint64_t)wait;
}

static const uint64_t look_cost_ns = 1000000000 / PACE_PER_SEC;

void pace_start(struct pace *pace, uint64_t now_ns)
{
	*pace = (struct pace){.credit_ns = PACE_BURST * look_cost_ns, .at_ns = now_ns};
}

uint64_t pace_next(struct pace *pace, uint64_t now_ns, uint64_t wanted_ns, bool *ret_slow)
{
	uint64_t most = PACE_BURST * look_cost_ns, passed = now_ns > pace->at_ns ? now_ns - pace->at_ns : 0;
	uint64_t allowed;

	pace->credit_ns = passed < most - pace->credit_ns ? pace->credit_ns + passed : most;
	if (now_ns > pace->at_ns)
		pace->at_ns = now_ns;
	pace->credit_ns = budget_remaining(pace->credit_ns, look_cost_ns);
	/* The next look must find its own cost saved. */
	allowed = budget_remaining(look_cost_ns, pace->credit_ns);
	*ret_slow = allowed > wanted_ns;
	return allowed > wanted_ns ? allowed : wanted_ns;
}

uint64_t hold_quota(uint64_t remaining_ns, uint64_t wait_ns, uint64_t period_us)
{
	static const uint64_t smallest_us = 1000;
	uint64_t periods = wait_ns / 1000 / period_us + 1;
	uint64_t quota = remaining_ns / 1000 / periods;

	return quota < smallest_us ? smallest_us : quota;
}

void integral_start(struct integral *integral, uint64_t now_ns, uint64_t level)
{
	*integral = (struct integral){.at_ns = now_ns, .level = level};
}

uint64_t integral_add(struct integral *integral, uint64_t now_ns, uint64_t level)
{
	if (now_ns > integral->at_ns) {
		unsigned __int128 mean = ((unsigned __int128)integral->level + level) / 2;
		unsigned __int128 area = mean * (now_ns - integral->at_ns) + integral->rest_ns;

		integral->whole += (uint64_t)(area / second);
		integral->rest_ns = (uint64_t)(area % second);
		integral->at_ns = now_ns;
	}
	integral->level = level;
	return integral->whole;
}
