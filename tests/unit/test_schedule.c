/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The monitor's decisions against simulated containers: how often it looks, how far a budget is overrun. */
#include <criterion/criterion.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/budget/schedule.h"

static const uint64_t ms = 1000000, second = 1000000000;

/* A container that uses `threads` CPUs of `cpus` for `busy` of every `cycle`, under a quota that the
 * decisions may set. */
struct world {
	uint64_t now, cpu, started;
	unsigned cpus, threads;
	uint64_t busy, cycle; /* cycle 0: busy all the time */
	uint64_t memory, memory_limit;
	uint64_t quota_us, period_us;
	uint64_t latency; /* the monitor wakes so late */
	unsigned looks;
	struct schedule_state state;
	struct budget_rule rules[BUDGET_COUNT];
};

static uint64_t rate_now(const struct world *w)
{
	uint64_t rate = w->threads * second;

	if (w->quota_us && w->quota_us * second / w->period_us < rate)
		rate = w->quota_us * second / w->period_us;
	return rate;
}

static void run_until(struct world *w, uint64_t to)
{
	while (w->now < to) {
		uint64_t step = to - w->now, phase, used = 0;

		if (w->cycle) {
			phase = w->now % w->cycle;
			if (phase < w->busy) {
				if (step > w->busy - phase)
					step = w->busy - phase;
				used = rate_now(w) / 1000000 * step / 1000;
			} else if (step > w->cycle - phase) {
				step = w->cycle - phase;
			}
		} else {
			used = (uint64_t)((unsigned __int128)rate_now(w) * step / second);
		}
		w->cpu += used;
		w->now += step;
	}
}

static struct reading reading_of(const struct world *w, bool cpu, bool memory)
{
	return (struct reading){
		.now_ns = w->now, .started_ns = w->started,
		.cpu_ns = cpu ? w->cpu : UINT64_MAX,
		.memory_bytes = memory ? w->memory : UINT64_MAX, .memory_peak_bytes = w->memory, .pids = UINT64_MAX,
		.cpu_rate = cpu_rate(w->cpus, 0, 0), .memory_limit = w->memory_limit,
	};
}

static void begin(struct world *w)
{
	struct reading first;

	w->now = w->started = 1000 * second;
	first = reading_of(w, true, true);
	schedule_start(&w->state, w->rules, &first);
}

static struct decision look(struct world *w)
{
	struct schedule_needs needs = schedule_needs(&w->state, w->rules, w->now);
	struct reading reading = reading_of(w, needs.cpu, needs.memory);
	struct decision decision;

	schedule_look(&w->state, w->rules, &reading, &decision);
	w->looks++;
	if (decision.set_quota) {
		w->quota_us = decision.quota_us;
		w->period_us = decision.period_us;
	}
	return decision;
}

/* Until a budget is spent or `end` has come; what was spent, or -1. */
static struct decision live(struct world *w, uint64_t end)
{
	struct decision decision = look(w);

	while (decision.spent < 0 && w->now < end) {
		uint64_t wake = decision.next_ns == UINT64_MAX ? end : decision.next_ns + w->latency;

		cr_assert_gt(wake, w->now, "a look that does not move on");
		run_until(w, wake < end ? wake : end);
		decision = look(w);
	}
	return decision;
}

static struct budget_rule rule(uint64_t limit, enum action action)
{
	return (struct budget_rule){.set = true, .limit = limit, .action = (uint8_t)action};
}

static unsigned log2_of(uint64_t n)
{
	unsigned log = 0;

	while (n >>= 1)
		log++;
	return log;
}

Test(schedule, cpu_flat_out_is_found_within_its_last_moment_in_few_looks)
{
	static const uint64_t limits[] = {100000000, 1000000000, UINT64_C(10000000000), UINT64_C(3600000000000)};

	for (size_t l = 0; l < sizeof limits / sizeof limits[0]; l++)
		for (unsigned cpus = 1; cpus <= 64; cpus *= 4)
			for (unsigned threads = 1; threads <= cpus; threads *= 2) {
				struct world w = {.cpus = cpus, .threads = threads, .latency = 50000};
				struct decision d;

				w.rules[BUDGET_CPU] = rule(limits[l], ACTION_KILL);
				begin(&w);
				d = live(&w, w.now + 2 * limits[l] + 5 * second);
				cr_expect_eq(d.spent, BUDGET_CPU);
				cr_expect_geq(d.used, limits[l]);
				/* With few threads on many CPUs the looks run out and a quota holds the rest,
				 * of which a millisecond is the kernel's smallest. */
				cr_expect_leq(d.used - limits[l], (threads + 1) * (LOOK_MIN_NS + w.latency) + cpus +
					      (threads * 4 <= cpus ? ms : 0),
					      "%u of %u CPUs: %lu over", threads, cpus, d.used - limits[l]);
				if (threads * 2 >= cpus)
					cr_expect_leq(w.looks, 2 * log2_of(limits[l] / ms) + 5, "%u looks", w.looks);
			}
}

Test(schedule, what_earlier_lives_used_counts)
{
	struct world w = {.cpus = 2, .threads = 1, .latency = 50000};
	struct decision d;

	w.rules[BUDGET_CPU] = rule(second, ACTION_KILL);
	w.rules[BUDGET_CPU].used_before = 700 * ms;
	begin(&w);
	d = live(&w, w.now + 5 * second);
	cr_expect_eq(d.spent, BUDGET_CPU);
	cr_expect_geq(d.used, second);
	cr_expect_leq(d.used, second + ms);
	cr_expect_leq(w.cpu, 301 * ms, "%lu", w.cpu);
	cr_expect_leq(w.looks, 2 * log2_of(1000) + 5, "%u looks", w.looks);

	w = (struct world){.cpus = 2, .threads = 0, .latency = 50000};
	w.rules[BUDGET_WALL] = rule(second, ACTION_KILL);
	w.rules[BUDGET_WALL].used_before = 400 * ms;
	begin(&w);
	d = live(&w, w.now + 5 * second);
	cr_expect_eq(d.spent, BUDGET_WALL);
	cr_expect_eq(w.now - w.started, 600 * ms + w.latency);

	w = (struct world){.cpus = 2, .threads = 1, .latency = 50000};
	w.rules[BUDGET_CPU_RATE] = rule(second, ACTION_KILL);
	w.rules[BUDGET_CPU_RATE].rate_limit = second;
	w.rules[BUDGET_CPU_RATE].rate_per = 3600 * second;
	w.rules[BUDGET_CPU_RATE].used_before = 900 * ms;
	begin(&w);
	d = live(&w, w.now + 5 * second);
	cr_expect_eq(d.spent, BUDGET_CPU_RATE);
	cr_expect_leq(w.cpu, 102 * ms, "%lu", w.cpu);
}

Test(schedule, a_container_that_idles_below_its_budget_is_seldom_looked_at_and_cannot_overrun_it)
{
	/* 99.9% spent at once, then 1 ms of work in every 10 s. */
	struct world w = {.cpus = 2, .threads = 2, .latency = 50000};
	struct decision d;
	unsigned before;

	w.rules[BUDGET_CPU] = rule(10 * second, ACTION_KILL);
	begin(&w);
	d = look(&w);
	run_until(&w, d.next_ns - 5 * ms);
	w.busy = 1;
	w.cycle = UINT64_C(1000000000000);
	(void)live(&w, w.now + 10 * second); /* the burst of looks is over */
	before = w.looks;
	d = live(&w, w.now + 60 * second);
	cr_expect_eq(d.spent, -1);
	cr_expect_leq(w.looks - before, 60 * 20, "%u looks in 60 s", w.looks - before);
	cr_assert_neq(w.quota_us, 0, "nothing holds the last stretch");
	/* Now it wakes up and burns. */
	w.cycle = 0;
	d = live(&w, w.now + 60 * second);
	cr_expect_eq(d.spent, BUDGET_CPU);
	cr_expect_leq(d.used - w.rules[BUDGET_CPU].limit, 5 * ms, "%lu over", d.used - w.rules[BUDGET_CPU].limit);
}

Test(schedule, nothing_is_looked_at_while_nothing_can_happen)
{
	struct world w = {.cpus = 2, .threads = 2};
	struct decision d;

	w.rules[BUDGET_WALL] = rule(30 * second, ACTION_KILL);
	w.rules[BUDGET_MEMORY] = rule(1 << 20, ACTION_KILL);
	w.rules[BUDGET_PIDS] = rule(10, ACTION_KILL);
	begin(&w);
	d = look(&w);
	cr_expect_eq(d.next_ns, w.started + 30 * second);
	w.rules[BUDGET_WALL].set = false;
	begin(&w);
	d = look(&w);
	cr_expect_eq(d.next_ns, UINT64_MAX);
}

Test(schedule, wall_runs_from_the_start_only)
{
	struct world w = {.cpus = 1};
	struct decision d;

	w.rules[BUDGET_WALL] = rule(second, ACTION_KILL);
	begin(&w);
	w.started = 0;
	run_until(&w, w.now + 100 * second);
	d = look(&w);
	cr_expect_eq(d.spent, -1);
	cr_expect_eq(d.next_ns, UINT64_MAX);
	w.started = w.now;
	d = live(&w, w.now + 2 * second);
	cr_expect_eq(d.spent, BUDGET_WALL);
	cr_expect_eq(d.used, second);
}

Test(schedule, levels_are_spent_when_the_kernel_had_to_enforce_them)
{
	struct world w = {.cpus = 1, .memory = 1000};
	struct reading reading;
	struct decision d;

	w.rules[BUDGET_MEMORY] = rule(1 << 20, ACTION_KILL);
	w.rules[BUDGET_PIDS] = rule(10, ACTION_WARN);
	begin(&w);
	reading = reading_of(&w, false, false);
	reading.pids_refused = 3;
	schedule_look(&w.state, w.rules, &reading, &d);
	cr_expect_eq(d.spent, BUDGET_PIDS);
	cr_expect_eq(d.used, 10);
	reading.oom_kills = 1;
	schedule_look(&w.state, w.rules, &reading, &d);
	cr_expect_eq(d.spent, BUDGET_MEMORY);
	cr_expect_geq(d.used, 1u << 20);
	schedule_look(&w.state, w.rules, &reading, &d);
	cr_expect_eq(d.spent, -1, "said once");
}

Test(schedule, the_strictest_of_two_spent_at_once_comes_first)
{
	struct world w = {.cpus = 1, .threads = 1};
	struct decision d;

	w.rules[BUDGET_WALL] = rule(second, ACTION_WARN);
	w.rules[BUDGET_CPU] = rule(second, ACTION_KILL);
	begin(&w);
	run_until(&w, w.now + 2 * second);
	d = look(&w);
	cr_expect_eq(d.spent, BUDGET_CPU);
	cr_expect_eq(d.also, 1u << BUDGET_WALL);
}

Test(schedule, a_warning_comes_once_and_not_late)
{
	struct world w = {.cpus = 2, .threads = 1, .latency = 50000};
	struct decision d;
	uint64_t warned_at = 0;
	unsigned warnings = 0;

	w.rules[BUDGET_CPU] = rule(10 * second, ACTION_KILL);
	w.rules[BUDGET_CPU].warn = 80;
	begin(&w);
	for (d = look(&w); d.spent < 0; d = look(&w)) {
		run_until(&w, d.next_ns + w.latency);
		if (d.warned) {
			warnings++;
			warned_at = w.cpu;
		}
	}
	cr_expect_eq(warnings, 1);
	cr_expect(warned_at >= 8 * second && warned_at < 9 * second + 200 * ms, "warned at %lu", warned_at);
	cr_expect_leq(d.used - 10 * second, 3 * ms);
}

Test(schedule, cpu_rate_is_throttled_to_its_refill_and_let_go_when_the_bucket_has_some)
{
	struct world w = {.cpus = 2, .threads = 2, .latency = 50000};
	struct decision d;
	uint64_t before;

	w.rules[BUDGET_CPU_RATE] = rule(200 * ms, ACTION_THROTTLE);
	w.rules[BUDGET_CPU_RATE].rate_limit = 200 * ms;
	w.rules[BUDGET_CPU_RATE].rate_per = second;
	begin(&w);
	d = live(&w, w.now + 5 * second);
	cr_assert_eq(d.spent, BUDGET_CPU_RATE);
	cr_assert_eq(w.quota_us * second / w.period_us, 200 * ms, "not the refill's rate");
	before = w.cpu;
	for (uint64_t end = w.now + 20 * second; w.now < end; d = look(&w)) {
		cr_assert_eq(d.spent, w.now == end ? -1 : d.spent);
		run_until(&w, d.next_ns);
	}
	/* A fifth of a CPU, and the bucket once more at most. */
	cr_expect_leq(w.cpu - before, 20 * 200 * ms + 400 * ms, "%lu in 20 s", w.cpu - before);
	w.threads = 0;
	for (int i = 0; i < 100 && w.quota_us; i++) {
		run_until(&w, d.next_ns);
		d = look(&w);
	}
	cr_expect_eq(w.quota_us, 0, "still throttled though it rests");
}

Test(schedule, a_rate_warns_once_before_it_is_spent)
{
	struct world w = {.cpus = 2, .threads = 1, .latency = 50000};
	unsigned warnings = 0;
	struct decision d;

	w.rules[BUDGET_CPU_RATE] = rule(second, ACTION_KILL);
	w.rules[BUDGET_CPU_RATE].rate_limit = second;
	w.rules[BUDGET_CPU_RATE].rate_per = 10 * second;
	w.rules[BUDGET_CPU_RATE].warn = 50;
	begin(&w);
	for (d = look(&w); d.spent < 0; d = look(&w)) {
		warnings += (d.warned & 1u << BUDGET_CPU_RATE) != 0;
		cr_assert_lt(w.now, w.started + 60 * second);
		run_until(&w, d.next_ns);
	}
	cr_expect_eq(d.spent, BUDGET_CPU_RATE);
	cr_expect_eq(warnings, 1, "%u warnings", warnings);
	cr_expect_eq(d.warned & 1u << BUDGET_CPU_RATE, 0);
}

Test(schedule, a_spent_budget_with_throttle_leaves_a_trickle_for_good)
{
	struct world w = {.cpus = 2, .threads = 2, .latency = 50000};
	struct decision d;

	w.rules[BUDGET_CPU] = rule(second, ACTION_THROTTLE);
	w.rules[BUDGET_WALL] = rule(100 * second, ACTION_KILL);
	begin(&w);
	d = live(&w, w.now + 90 * second);
	cr_assert_eq(d.spent, BUDGET_CPU);
	cr_expect_eq(w.quota_us, TRICKLE_QUOTA_US);
	cr_expect_eq(w.period_us, TRICKLE_PERIOD_US);
	d = live(&w, w.now + 200 * second);
	cr_expect_eq(d.spent, BUDGET_WALL);
	cr_expect_eq(w.quota_us, TRICKLE_QUOTA_US);
}

/* As the monitor does when it is over: CPU time is known, the memory is gone. */
static void end(struct world *w)
{
	struct reading last = reading_of(w, true, false);

	last.memory_bytes = w->state.memory.level;
	schedule_count(&w->state, w->rules, &last);
}

Test(schedule, what_was_used_since_the_last_look_is_missing_in_the_bucket)
{
	struct world w = {.cpus = 2, .threads = 1, .latency = 50000};
	struct reading last;

	w.rules[BUDGET_CPU_RATE] = rule(400 * ms, ACTION_KILL);
	w.rules[BUDGET_CPU_RATE].rate_limit = 400 * ms;
	w.rules[BUDGET_CPU_RATE].rate_per = 1000 * second;
	begin(&w);
	(void)look(&w);
	run_until(&w, w.now + 150 * ms);
	end(&w);
	last = reading_of(&w, true, false);
	cr_expect_geq(schedule_used(&w.state, w.rules, &last, BUDGET_CPU_RATE), 149 * ms);
	cr_expect_leq(schedule_used(&w.state, w.rules, &last, BUDGET_CPU_RATE), 150 * ms);
}

Test(schedule, memory_time_is_the_integral)
{
	struct world w = {.cpus = 1, .memory = 50 << 20, .memory_limit = 100 << 20, .latency = 50000};
	struct decision d;

	w.rules[BUDGET_MEMORY_TIME] = rule(UINT64_C(1000) << 20, ACTION_KILL);
	begin(&w);
	d = live(&w, w.now + 100 * second);
	cr_assert_eq(d.spent, BUDGET_MEMORY_TIME);
	/* 50 MiB for 20 s are 1000 MiB.s. */
	cr_expect(w.now - w.started >= 20 * second && w.now - w.started < 20 * second + 200 * ms, "after %lu",
		  w.now - w.started);
	cr_expect_leq(w.looks, 60);
}

/* A budget that is far away is no reason not to know what was used of it: it may be the bill, and the next life begins with it. */
Test(schedule, memory_time_is_known_however_large_its_budget_is)
{
	static const uint64_t lives[] = {100, 1000, 10000, 100000};

	for (size_t i = 0; i < ARRAY_SIZE(lives); i++) {
		struct world w = {.cpus = 1, .memory = 1 << 20, .memory_limit = UINT64_C(64) << 30, .latency = 50000};
		uint64_t whole = (UINT64_C(50) << 20) * lives[i] / 1000, used;

		w.rules[BUDGET_MEMORY_TIME] = rule(UINT64_C(1) << 60, ACTION_KILL);
		begin(&w);
		(void)look(&w);
		/* What it takes is taken after the first look. */
		w.memory = 50 << 20;
		(void)live(&w, w.started + lives[i] * ms);
		end(&w);
		used = w.state.memory.whole;
		cr_expect(used >= whole / 100 * 90 && used <= whole / 100 * 101, "%lu of %lu in %lu ms", used, whole, lives[i]);
		cr_expect_leq(w.looks, 26 + lives[i] / 1000, "%u looks in %lu ms", w.looks, lives[i]);
	}
}
