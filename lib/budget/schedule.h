/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One look at all budgets of a container: a reading in, a decision out. Pure; the monitor's loop
 * is "read, schedule_look, act, sleep until next".
 */
#ifndef STINT_BUDGET_SCHEDULE_H
#define STINT_BUDGET_SCHEDULE_H

#include "lib/budget/budget.h"

struct schedule_state {
	struct bucket cpu_bucket;
	struct integral memory;
	uint64_t began_ns;
	struct pace pace;
	uint64_t next_ns[BUDGET_COUNT]; /* earliest moment each can be spent; a look before it is of no use to it */
	uint32_t spent, warned;		/* bit sets of budgets: said already */
	bool rate_throttled;		/* cpuRate: held to its refill until the bucket has some again */
	uint64_t hold_us;		/* quota that holds the last stretch of the CPU budget; 0: none */
	uint64_t quota_us, period_us;	/* the CPU quota we asked for last; 0: none of ours */
};

struct reading {
	uint64_t now_ns, started_ns; /* started 0: not started, wall does not run */
	uint64_t cpu_ns;	     /* UINT64_MAX: unknown (as below) */
	uint64_t cpu_lag_ns;	     /* so much wall time may be missing in it */
	uint64_t memory_bytes;
	uint64_t memory_peak_bytes;
	uint64_t oom_kills, pids, pids_refused;
	uint32_t told_spent, told_warned; /* bit sets of network budgets: the kernel said so */
	uint64_t network_used[BUDGET_COUNT]; /* of them, earlier lives included */
	uint64_t cpu_rate;	     /* most CPU time a second it can use */
	uint64_t memory_limit;	     /* the level that cannot be passed; 0: the host's memory */
};

struct decision {
	int spent;	      /* the budget newly spent whose action is strictest, or -1 */
	uint64_t used;	      /* of it */
	uint32_t also;	      /* others newly spent in this look */
	uint32_t warned;      /* thresholds newly crossed */
	uint64_t next_ns;     /* absolute; UINT64_MAX: no look is needed until something happens */
	bool set_quota; /* the CPU quota is to be: */
	uint64_t quota_us, period_us; /* quota 0: none of ours, back to the plan's */
};

/* The shortest sleep: below it a look costs more than what could be saved. */
enum { LOOK_MIN_NS = 200 * 1000 };
/* Memory that nothing counts is looked at after a quarter of the time that it has been counted for, and this often. */
enum { SAMPLE_MIN_NS = 10 * 1000 * 1000, SAMPLE_MAX_NS = 1000 * 1000 * 1000 };
/* What a spent budget with action `throttle` leaves: 1% of one CPU. */
enum { TRICKLE_QUOTA_US = 10000, TRICKLE_PERIOD_US = 1000000 };

void schedule_start(struct schedule_state *state, const struct budget_rule rules[BUDGET_COUNT],
		    const struct reading *reading);
/* What bounds the budgets' use has changed: all of them are looked at next, and planned anew. */
void schedule_replan(struct schedule_state *state, const struct budget_rule rules[BUDGET_COUNT]);
/* Which figures the next look needs: CPU only when a CPU budget is due, and so on. */
struct schedule_needs {
	bool cpu, memory;
};
struct schedule_needs schedule_needs(const struct schedule_state *state,
				     const struct budget_rule rules[BUDGET_COUNT], uint64_t now_ns);
/* What has passed since the last look, as far as the reading knows it, without any decision. */
void schedule_count(struct schedule_state *state, const struct budget_rule rules[BUDGET_COUNT], const struct reading *reading);
void schedule_look(struct schedule_state *state, const struct budget_rule rules[BUDGET_COUNT],
		   const struct reading *reading, struct decision *ret_decision);
/* What has been used of a budget by this reading, in its unit; UINT64_MAX: unknown. */
uint64_t schedule_used(const struct schedule_state *state, const struct budget_rule rules[BUDGET_COUNT],
		       const struct reading *reading, enum budget budget);

#endif
