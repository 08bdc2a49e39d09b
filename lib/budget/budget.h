/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The arithmetic of budgets: numbers in, decision out. No system call and no clock; times are
 * nanoseconds on the caller's CLOCK_BOOTTIME.
 *
 * Nothing here is looked at on a fixed period. A budget with a known greatest rate (CPU time: the
 * CPUs available; byte-seconds: the memory limit; wall: one second a second) cannot be spent before
 * remaining ÷ rate has passed, so that is when to look next. Spent flat out at rate r of a greatest
 * rate R, each look leaves (1 - r/R) of what remained: the number of looks grows with the logarithm.
 */
#ifndef STINT_BUDGET_BUDGET_H
#define STINT_BUDGET_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/units.h"

enum budget {
	BUDGET_WALL, BUDGET_CPU, BUDGET_CPU_RATE, BUDGET_MEMORY, BUDGET_MEMORY_TIME, BUDGET_PIDS,
	BUDGET_IO_READ, BUDGET_IO_WRITE, BUDGET_NET_EGRESS, BUDGET_NET_INGRESS,
	BUDGET_NET_EGRESS_INTERNET, BUDGET_IDLE, BUDGET_STALL,
	BUDGET_COUNT
};

/* In order of strictness. CUT: of bytes on the network, no more of them; what runs goes on. */
enum action { ACTION_WARN, ACTION_THROTTLE, ACTION_CUT, ACTION_FREEZE, ACTION_TERM, ACTION_KILL, ACTION_COUNT };

/* What is known of each budget, in one table: its name in a profile and in a report, its unit,
 * whether it is a level, needs `per`, and whether this version can enforce it. */
struct budget_kind {
	const char *name; /* "cpuRate" */
	enum unit unit;
	bool level;	  /* must not be passed, rather than spent */
	bool rate;	  /* has and needs "per" */
	bool enforced;
};
extern const struct budget_kind budget_kinds[BUDGET_COUNT];
int budget_from_name(const char *name); /* -1: none */
bool budget_is_network(enum budget budget); /* bytes on the network, which a quota of the kernel counts */

extern const char *const action_names[ACTION_COUNT];
int action_from_name(const char *name); /* -1: none */

/* A budget as the monitor enforces it. Plain numbers: it lives in the shared ledger. */
struct budget_rule {
	bool set;
	uint8_t action;	    /* enum action */
	uint8_t warn;	    /* percent; 0: none */
	uint64_t limit;
	uint64_t rate_limit, rate_per; /* per 0: absolute */
	uint64_t grace_ns;
	uint64_t used_before; /* by earlier lives of the container; of a rate: what is missing in its bucket at first */
};

/* remaining of `limit` after `used`: 0 when spent. */
uint64_t budget_remaining(uint64_t limit, uint64_t used);
/* limit × percent / 100 without overflow, rounded up. */
uint64_t budget_warn_at(uint64_t limit, unsigned percent);

/* How long until `remaining` can be gone at `rate` per second at most, in ns, rounded down but
 * never 0 while something remains; UINT64_MAX for rate 0 or when it is beyond INT64_MAX. */
uint64_t budget_time_until(uint64_t remaining, uint64_t rate_per_sec);

/* CPU time per second of wall time that a group can use at most, in ns: CPUs × 1 s, or quota ÷
 * period where that is less. quota 0: none. */
uint64_t cpu_rate(unsigned cpus, uint64_t quota_us, uint64_t period_us);

/* A token bucket, for budgets with `per`. `level` starts full. */
struct bucket {
	uint64_t level, at_ns; /* what was left at at_ns */
	uint64_t seen_used;    /* the counter's value then */
};
void bucket_start(struct bucket *bucket, const struct budget_rule *rule, uint64_t now_ns, uint64_t used);
/* Refills for the time passed, takes what was used since; returns the level, 0 when spent. Time or
 * usage running backwards changes nothing. */
uint64_t bucket_take(struct bucket *bucket, const struct budget_rule *rule, uint64_t now_ns, uint64_t used);
/* ns until the bucket holds `level`, nothing used meanwhile. */
uint64_t bucket_time_until(const struct bucket *bucket, const struct budget_rule *rule, uint64_t level);

/* How often a monitor may look. Looks are free while they come from a budget spent flat out (their
 * number is logarithmic); a container that idles just below its budget would cause thousands. The
 * pace lets PACE_BURST looks through and then PACE_PER_SEC; while it is out of looks (`slow`), the
 * kernel's bandwidth control must hold the container to what remains until the next look. */
enum { PACE_BURST = 24, PACE_PER_SEC = 10 };
struct pace {
	uint64_t credit_ns; /* time's worth of looks saved up */
	uint64_t at_ns;
};
void pace_start(struct pace *pace, uint64_t now_ns);
/* A look at `now_ns` wants the next one after `wanted_ns`: returns the wait that is allowed; *ret_slow
 * when it is longer than wanted. */
uint64_t pace_next(struct pace *pace, uint64_t now_ns, uint64_t wanted_ns, bool *ret_slow);

/* The CPU quota (µs per `period_us`) that lets at most `remaining_ns` of CPU time through in
 * `wait_ns` of wall time; at least the kernel's smallest, 1000 µs. */
uint64_t hold_quota(uint64_t remaining_ns, uint64_t wait_ns, uint64_t period_us);

/* The integral of a level over time, by the trapezoid rule: byte-seconds from bytes. Keeps the
 * remainder, so that many small steps lose nothing. */
struct integral {
	uint64_t whole;	    /* byte-seconds */
	uint64_t rest_ns;   /* and so many byte-nanoseconds, below 10^9 */
	uint64_t at_ns, level;
};
void integral_start(struct integral *integral, uint64_t now_ns, uint64_t level);
uint64_t integral_add(struct integral *integral, uint64_t now_ns, uint64_t level);

#endif
