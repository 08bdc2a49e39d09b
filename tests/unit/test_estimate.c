/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The estimate of completeness: right in what it counts, and its bound holds as often as it says, for workloads of many
 * shapes and for the worst one there can be.
 */
#include <math.h>

#include "lib/record/estimate.h"
#include "tests/unit/record_fixture.h"

static const double risk = 0.05;

TestSuite(estimate, .timeout = 120);

/* splitmix64 with a fixed seed: a failure comes again. */
static uint64_t random_state = 20261126;

static double random_unit(void)
{
	uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

/* What is counted */

enum { RUNS = 100 };

/* Of runs as texts, "!" before one that is not complete. */
static struct estimate estimate_of(const char *const *texts, unsigned count)
{
	struct recording runs[RUNS];
	const struct recording *pointers[RUNS];
	struct estimate result = {0};
	struct error err = {0};

	for (unsigned i = 0; i < count; i++) {
		bool incomplete = texts[i][0] == '!';

		runs[i] = recording_of(texts[i] + incomplete);
		runs[i].complete = !incomplete;
		pointers[i] = &runs[i];
	}
	cr_assert_eq(estimate(pointers, count, &result, &err), 0, "%s", err.text);
	for (unsigned i = 0; i < count; i++)
		recording_close(&runs[i]);
	return result;
}

Test(estimate, with_no_run_or_one_nothing_is_known)
{
	static const char *const one[] = {"read", "!read", "!read"};
	struct estimate none = estimate_of(one, 0), first = estimate_of(one, 1), more = estimate_of(one, 3);

	cr_expect_eq(none.probability, 1);
	cr_expect_eq(none.bound, 1);
	cr_expect_eq(first.runs, 1);
	cr_expect_eq(first.probability, 1);
	cr_expect_eq(first.bound, 1);
	cr_expect_eq(more.incomplete, 2);
	cr_expect_eq(more.bound, 1, "what is not complete is no evidence");
}

Test(estimate, of_identical_runs_falls_with_each)
{
	const char *texts[RUNS];
	double last = 1.1;

	for (unsigned i = 0; i < RUNS; i++)
		texts[i] = "read, write, socket 1 2";
	for (unsigned n = 1; n <= RUNS; n++) {
		struct estimate result = estimate_of(texts, n);

		cr_expect_eq(result.surprises, 0);
		cr_expect_eq(result.alone, n == 1);
		cr_expect_eq(result.probability, n == 1);
		cr_expect_float_eq(result.bound, n == 1 ? 1 : 1 - pow(risk, 1.0 / (n - 1)), 1e-9);
		cr_expect_lt(result.bound, last);
		last = result.bound;
	}
}

Test(estimate, counts_surprises_and_runs_that_stand_alone)
{
	static const struct {
		const char *texts[6];
		unsigned surprises, alone;
	} cases[] = {
		{{"a, b", "a", "b"}, 0, 0},
		{{"a", "b", "a, b"}, 1, 0},
		{{"a", "b", "c"}, 2, 3},
		{{"a, b, c", "a", "a"}, 0, 1},
		{{"a", "a", "a, b, c"}, 1, 1},
		{{"a", "!b", "a, b", "a"}, 1, 1},
		{{"fcntl 1", "fcntl 2", "fcntl 1, fcntl 2"}, 1, 0},
		{{"fcntl 1", "fcntl any", "fcntl 2"}, 1, 1},
		{{"fcntl 1", "fcntl any", "fcntl 2", "fcntl any"}, 1, 0},
		{{"read, x86:read", "read", "read"}, 0, 1},
		{{"CAP_KILL", "CAP_CHOWN", "CAP_KILL"}, 1, 1},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned count = 0;
		struct estimate result;

		while (count < 6 && cases[i].texts[count])
			count++;
		result = estimate_of(cases[i].texts, count);
		cr_expect_eq(result.surprises, cases[i].surprises, "case %zu: %u", i, result.surprises);
		cr_expect_eq(result.alone, cases[i].alone, "case %zu: %u", i, result.alone);
	}
}

/* Each run has a value of its own: when the others have so many that any is allowed, it is nothing new. */
Test(estimate, values_beyond_those_that_are_kept_are_no_news)
{
	char texts[NEEDS_VALUES_MAX + 3][NEED_TEXT_MAX];
	const char *pointers[NEEDS_VALUES_MAX + 3];
	struct estimate result;

	for (unsigned i = 0; i < NEEDS_VALUES_MAX + 3; i++) {
		(void)snprintf(texts[i], sizeof texts[i], "ioctl %u", i);
		pointers[i] = texts[i];
	}
	result = estimate_of(pointers, NEEDS_VALUES_MAX + 1);
	cr_expect_eq(result.alone, NEEDS_VALUES_MAX + 1, "64 others have 64 values, which are kept: %u", result.alone);
	cr_expect_eq(result.surprises, NEEDS_VALUES_MAX);
	result = estimate_of(pointers, NEEDS_VALUES_MAX + 3);
	cr_expect_eq(result.alone, 0, "%u", result.alone);
	cr_expect_eq(result.surprises, NEEDS_VALUES_MAX);
}

Test(estimate, is_never_above_its_bound)
{
	struct estimate changed = {.runs = 100, .surprises = 1, .alone = 50};

	estimate_from_counts(&changed);
	cr_expect_eq(changed.probability, 0.5);
	cr_expect_eq(changed.bound, 0.5);
}

/* The bound */

/* By the recurrence of its terms, as the library does not. */
static double at_most(unsigned hits, unsigned trials, double p)
{
	double term = pow(1 - p, trials), sum = term;

	if (p > 0.5) /* or the first term is below what a double holds */
		return 1 - at_most(trials - hits - 1, trials, 1 - p);
	for (unsigned i = 1; i <= hits; i++)
		sum += term *= (trials - i + 1) * p / (i * (1 - p));
	return sum;
}

Test(estimate, the_limit_is_where_so_few_hits_are_as_rare_as_the_risk)
{
	for (unsigned trials = 1; trials <= 200; trials += 7) {
		double last = 0;

		for (unsigned hits = 0; hits < trials; hits++) {
			double limit = binomial_upper_limit(hits, trials, risk);

			cr_expect_float_eq(at_most(hits, trials, limit), risk, 1e-6, "%u of %u", hits, trials);
			cr_expect_gt(limit, last);
			last = limit;
		}
		cr_expect_eq(binomial_upper_limit(trials, trials, risk), 1);
	}
	cr_expect_eq(binomial_upper_limit(0, 0, risk), 1);
	/* A published value: one-sided 95 % for 1 of 10. */
	cr_expect_float_eq(binomial_upper_limit(1, 10, risk), 0.3942, 5e-5);
	cr_expect_float_eq(at_most(1000, 1023, binomial_upper_limit(1000, 1023, risk)), risk, 1e-6);
}

/*
 * The worst workload. All that counts of one is the probability of a surprise, which stays as it is until there is one,
 * and then falls to anything or not at all: an opponent who chooses that anew at each surprise, knowing the rule, is
 * worse than any. He wins when it is above the bound at the end. It is enough to let him choose among probabilities
 * just above the bound for some number of surprises: others give fewer wins. worst[s][l]: of his winning, with s
 * surprises so far and the l-th of these.
 */
Test(estimate, no_opponent_exceeds_the_bound_more_often_than_it_says)
{
	enum { TRIALS_MAX = 120 };
	static double worst[TRIALS_MAX + 2][TRIALS_MAX + 2], before[TRIALS_MAX + 2][TRIALS_MAX + 2];

	for (unsigned trials = 1; trials <= TRIALS_MAX; trials += trials < 20 ? 1 : 20) {
		double level[TRIALS_MAX + 1], most = 0;

		for (unsigned l = 0; l < trials; l++)
			level[l] = binomial_upper_limit(l, trials, risk);
		for (unsigned s = 0; s <= trials + 1; s++)
			for (unsigned l = 0; l < trials; l++)
				worst[s][l] = l >= s;
		for (unsigned t = trials; t-- > 0;) {
			for (unsigned s = 0; s <= t; s++) {
				double best = 0;

				for (unsigned l = 0; l < trials; l++) {
					best = fmax(best, worst[s + 1][l]);
					before[s][l] = (1 - level[l]) * worst[s][l] + level[l] * best;
				}
			}
			memcpy(worst, before, sizeof worst);
		}
		for (unsigned l = 0; l < trials; l++)
			most = fmax(most, worst[0][l]);
		cr_log_info("%u trials: exceeded with a probability of at most %.6f", trials, most);
		cr_expect_leq(most, risk + 1e-9, "%u trials: %.6f", trials, most);
		cr_expect_geq(most, risk - 1e-6, "it says no more than it has to");
	}
}

/* Simulated workloads: in one run, each of `needs` comes with its own probability, one of `modes` with all of its needs
 * together, and, with the probability `novel`, something that never came before nor comes again. */
enum { NEEDS = 200, MODES = 12 };
struct workload {
	const char *name;
	unsigned needs, modes;
	double need[NEEDS], mode[MODES], novel;
};

struct simulation {
	unsigned seen[NEEDS], owner[NEEDS], mode_seen[MODES], mode_owner[MODES];
	unsigned mode[RUNS];
	bool has[RUNS][NEEDS], novel[RUNS], surprise[RUNS], alone[RUNS];
};

static bool meet(unsigned *seen, unsigned *owner, unsigned run)
{
	*owner = run;
	return (*seen)++ == 0;
}

static void simulate_run(const struct workload *workload, unsigned run, struct simulation *simulation)
{
	double draw = random_unit();
	bool surprise = simulation->novel[run] = random_unit() < workload->novel;
	unsigned mode = 0;

	for (unsigned j = 0; j < workload->needs; j++) {
		simulation->has[run][j] = random_unit() < workload->need[j];
		if (simulation->has[run][j])
			surprise |= meet(&simulation->seen[j], &simulation->owner[j], run);
	}
	while (mode + 1 < workload->modes && draw >= workload->mode[mode])
		draw -= workload->mode[mode++];
	simulation->mode[run] = mode;
	if (workload->modes)
		surprise |= meet(&simulation->mode_seen[mode], &simulation->mode_owner[mode], run);
	simulation->surprise[run] = surprise;
}

static struct estimate simulate(const struct workload *workload, unsigned runs, struct simulation *simulation)
{
	struct estimate counts = {.runs = runs};

	memset(simulation, 0, sizeof *simulation);
	for (unsigned i = 0; i < runs; i++)
		simulate_run(workload, i, simulation);
	for (unsigned j = 0; j < workload->needs; j++)
		if (simulation->seen[j] == 1)
			simulation->alone[simulation->owner[j]] = true;
	for (unsigned m = 0; m < workload->modes; m++)
		if (simulation->mode_seen[m] == 1)
			simulation->alone[simulation->mode_owner[m]] = true;
	for (unsigned i = 0; i < runs; i++) {
		counts.surprises += i > 0 && simulation->surprise[i];
		counts.alone += simulation->alone[i] || simulation->novel[i];
	}
	return counts;
}

/* Exactly, given what was seen. */
static double chance_of_news(const struct workload *workload, const struct simulation *simulation)
{
	double nothing = 1 - workload->novel, mode = 0;

	for (unsigned j = 0; j < workload->needs; j++)
		if (!simulation->seen[j])
			nothing *= 1 - workload->need[j];
	for (unsigned m = 0; m < workload->modes; m++)
		if (!simulation->mode_seen[m])
			mode += workload->mode[m];
	return 1 - nothing * (1 - mode);
}

enum { SHAPES = 9 };

static void same_need(struct workload *workload, unsigned count, double p)
{
	for (unsigned j = 0; j < count; j++)
		workload->need[workload->needs++] = p;
}

static struct workload workload_of(unsigned shape, unsigned runs)
{
	static const char *const names[SHAPES] = {"the same in each run",
						  "one need as rare as the bound",
						  "few rare needs",
						  "many rare needs",
						  "many needs that are mostly seen twice by now",
						  "Zipf",
						  "modes",
						  "modes, rare needs and news",
						  "always news"};
	struct workload workload = {.name = names[shape]};

	switch (shape) {
	case 1:
		same_need(&workload, 1, binomial_upper_limit(0, runs - 1, risk) + 1e-9);
		break;
	case 2:
		same_need(&workload, 5, 0.02);
		break;
	case 3:
		same_need(&workload, NEEDS, 0.01);
		break;
	case 4:
		same_need(&workload, NEEDS, fmin(1, 5.0 / runs));
		break;
	case 5:
		for (unsigned j = 0; j < NEEDS; j++)
			same_need(&workload, 1, 1.0 / (1 + j));
		break;
	case 7:
		same_need(&workload, 10, 0.03);
		workload.novel = 0.01; /* fallthrough */
	case 6:
		workload.modes = MODES;
		for (unsigned m = 0; m < MODES; m++)
			workload.mode[m] = m + 1 < MODES ? ldexp(1, -1 - (int)m) : ldexp(1, -(int)m);
		break;
	case 8:
		workload.novel = 0.1;
		break;
	}
	return workload;
}

/* How many of TRIALS may exceed the bound when each does with the probability it says: not more in 99.9 % of cases,
 * which are fixed by the seed. */
enum { TRIALS = 400 };
static unsigned slack(void)
{
	unsigned exceeded = 0;

	while (at_most(exceeded, TRIALS, risk) < 0.999)
		exceeded++;
	return exceeded;
}

Test(estimate, the_bound_holds_as_often_as_it_says)
{
	static const unsigned runs[] = {2, 5, 20, RUNS};
	static struct simulation simulation;
	unsigned most_by_alone = 0;

	for (unsigned shape = 0; shape < SHAPES; shape++)
		for (size_t n = 0; n < ARRAY_SIZE(runs); n++) {
			struct workload workload = workload_of(shape, runs[n]);
			unsigned exceeded = 0, by_alone = 0, last_surprises = 0;
			double chances = 0, guesses = 0, bounds = 0;

			for (unsigned trial = 0; trial < TRIALS; trial++) {
				struct estimate result = simulate(&workload, runs[n], &simulation);
				double chance = chance_of_news(&workload, &simulation);

				estimate_from_counts(&result);
				exceeded += chance > result.bound;
				by_alone += chance > binomial_upper_limit(result.alone, runs[n], risk);
				last_surprises += simulation.surprise[runs[n] - 1];
				chances += chance;
				guesses += result.probability;
				bounds += result.bound;
			}
			cr_log_info(
				"%s, %u runs: probability %.3f, estimate %.3f, bound %.3f, which held %u times of %u",
				workload.name, runs[n], chances / TRIALS, guesses / TRIALS, bounds / TRIALS,
				TRIALS - exceeded, TRIALS);
			cr_expect_leq(exceeded, slack(), "%s, %u runs: the bound held %u times of %u", workload.name,
				      runs[n], TRIALS - exceeded, TRIALS);
			/* Four standard deviations. */
			cr_expect_float_eq(guesses / TRIALS, (double)last_surprises / TRIALS, 0.1, "%s, %u runs",
					   workload.name, runs[n]);
			if (by_alone > most_by_alone)
				most_by_alone = by_alone;
		}
	cr_log_info("a limit from the runs that stand alone held %u times of %u", TRIALS - most_by_alone, TRIALS);
	cr_expect_gt(most_by_alone, slack(), "these workloads are hard enough to tell");
}

/* The simulations count for themselves; here the library counts the same runs. */
Test(estimate, counts_as_the_simulations_do)
{
	static struct simulation simulation;

	for (unsigned shape = 0; shape < SHAPES; shape++) {
		enum { N = 12 };
		struct workload workload = workload_of(shape, N);
		struct estimate counts = simulate(&workload, N, &simulation), result;
		char texts[N][4096];
		const char *pointers[N];

		for (unsigned i = 0; i < N; i++) {
			int used = snprintf(texts[i], sizeof texts[i], "always, m%u",
					    workload.modes ? simulation.mode[i] : 0);

			if (simulation.novel[i])
				used += snprintf(texts[i] + used, sizeof texts[i] - (size_t)used, ", novel%u", i);
			for (unsigned j = 0; j < workload.needs; j++)
				if (simulation.has[i][j])
					used += snprintf(texts[i] + used, sizeof texts[i] - (size_t)used, ", n%u", j);
			pointers[i] = texts[i];
		}
		result = estimate_of(pointers, N);
		cr_expect_eq(result.surprises, counts.surprises, "%s", workload.name);
		cr_expect_eq(result.alone, counts.alone, "%s", workload.name);
	}
}
