/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "lib/budget/budget.h"

static const uint64_t second = 1000000000;

Test(budget, names_go_both_ways)
{
	for (int b = 0; b < BUDGET_COUNT; b++)
		cr_expect_eq(budget_from_name(budget_kinds[b].name), b);
	for (int a = 0; a < ACTION_COUNT; a++)
		cr_expect_eq(action_from_name(action_names[a]), a);
	cr_expect_eq(budget_from_name("CPU"), -1);
	cr_expect_eq(action_from_name(""), -1);
}

Test(budget, remaining_and_warnings)
{
	cr_expect_eq(budget_remaining(10, 3), 7);
	cr_expect_eq(budget_remaining(10, 10), 0);
	cr_expect_eq(budget_remaining(10, UINT64_MAX), 0);
	cr_expect_eq(budget_warn_at(1000, 80), 800);
	cr_expect_eq(budget_warn_at(1, 1), 1, "rounded up");
	cr_expect_eq(budget_warn_at(INT64_MAX, 100), (uint64_t)INT64_MAX);
}

Test(budget, time_until)
{
	cr_expect_eq(budget_time_until(2 * second, 2 * second), second);
	cr_expect_eq(budget_time_until(0, 5), 0);
	cr_expect_eq(budget_time_until(1, UINT64_MAX), 1, "never 0 while something remains");
	cr_expect_eq(budget_time_until(1, 0), UINT64_MAX);
	cr_expect_eq(budget_time_until(INT64_MAX, 1), UINT64_MAX);
}

Test(budget, cpu_rate_is_the_cpus_or_the_quota)
{
	cr_expect_eq(cpu_rate(2, 0, 0), 2 * second);
	cr_expect_eq(cpu_rate(2, 50000, 100000), second / 2);
	cr_expect_eq(cpu_rate(2, 900000, 100000), 2 * second);
	cr_expect_eq(cpu_rate(2, 1000, 0), 2 * second);
}

Test(budget, a_bucket_refills_to_its_brim_and_no_further)
{
	struct budget_rule rule = {.set = true, .limit = 30 * second, .rate_limit = 30 * second, .rate_per = 60 * second};
	struct bucket bucket;

	bucket_start(&bucket, &rule, 1000, 500);
	cr_expect_eq(bucket_take(&bucket, &rule, 1000, 500 + 10 * second), 20 * second);
	cr_expect_eq(bucket_time_until(&bucket, &rule, 25 * second), 10 * second);
	cr_expect_eq(bucket_take(&bucket, &rule, 1000 + 10 * second, 500 + 10 * second), 25 * second);
	cr_expect_eq(bucket_take(&bucket, &rule, 1000 + 1000 * second, 500 + 10 * second), 30 * second);
	cr_expect_eq(bucket_take(&bucket, &rule, 1000 + 1000 * second, 500 + 100 * second), 0);
}

Test(budget, a_bucket_ignores_what_runs_backwards)
{
	struct budget_rule rule = {.set = true, .limit = 100, .rate_limit = 100, .rate_per = 100};
	struct bucket bucket;

	bucket_start(&bucket, &rule, 1000, 1000);
	cr_expect_eq(bucket_take(&bucket, &rule, 1000, 1040), 60);
	cr_expect_eq(bucket_take(&bucket, &rule, 500, 1040), 60);
	cr_expect_eq(bucket_take(&bucket, &rule, 1000, 10), 60);
	cr_expect_eq(bucket_take(&bucket, &rule, 1000, 1041), 59);
}

Test(budget, the_pace_lets_a_burst_through_and_then_so_many_a_second)
{
	struct pace pace;
	uint64_t now = 5 * second;
	unsigned slow_ones = 0;
	bool slow;

	pace_start(&pace, now);
	for (int i = 0; i < PACE_BURST - 1; i++) {
		now += pace_next(&pace, now, 1000, &slow);
		slow_ones += slow;
	}
	cr_expect_eq(slow_ones, 0);
	for (int i = 0; i < 3 * PACE_PER_SEC; i++)
		now += pace_next(&pace, now, 1000, &slow);
	cr_expect(slow);
	cr_expect_geq(now, 5 * second + 2 * second + second / 2);
	cr_expect_eq(pace_next(&pace, now, 60 * second, &slow), 60 * second, "a long wait is as long as it was");
	cr_expect_not(slow);
}

Test(budget, what_a_hold_lets_through)
{
	for (uint64_t wait = 1000000; wait <= 2 * second; wait *= 3)
		for (uint64_t remaining = 10000000; remaining < 10 * second; remaining *= 7) {
			uint64_t quota = hold_quota(remaining, wait, 100000);
			uint64_t periods = wait / 100000000 + 1;

			cr_expect(quota == 1000 || quota * 1000 * periods <= remaining, "%lu in %lu: %lu", remaining, wait, quota);
			cr_expect_geq(quota, 1000);
		}
}

Test(budget, an_integral_loses_nothing_to_small_steps)
{
	struct integral coarse, fine;

	integral_start(&coarse, 0, 1000);
	integral_start(&fine, 0, 1000);
	for (uint64_t t = 7; t <= 7000000; t += 7)
		(void)integral_add(&fine, t, 1000);
	(void)integral_add(&coarse, 7000000, 1000);
	cr_expect_eq(fine.whole, coarse.whole);
	cr_expect_eq(fine.rest_ns, coarse.rest_ns);
	integral_start(&coarse, 0, 0);
	cr_expect_eq(integral_add(&coarse, 2 * second, 100), 100, "a triangle");
	cr_expect_eq(integral_add(&coarse, second, 1000000), 100, "backwards");
}
