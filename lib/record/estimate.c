/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/record/estimate.h"

#include <math.h>

#include "lib/base/cleanup.h"
#include "lib/record/tally.h"

static const double risk_of_bound = 0.05;

/* ln of the probability of exactly `hits`. */
static double log_binomial(unsigned hits, unsigned trials, double p)
{
	int sign;

	return lgamma_r(trials + 1.0, &sign) - lgamma_r(hits + 1.0, &sign) - lgamma_r(trials - hits + 1.0, &sign) +
	       hits * log(p) + (trials - hits) * log1p(-p);
}

static double at_most(unsigned hits, unsigned trials, double p)
{
	double sum = 0;

	for (unsigned i = 0; i <= hits; i++)
		sum += exp(log_binomial(i, trials, p));
	return sum;
}

double binomial_upper_limit(unsigned hits, unsigned trials, double risk)
{
	enum { STEPS = 50 }; /* halvings: past what a double holds of a probability that matters */
	double low = 0, high = 1;

	if (hits >= trials)
		return 1;
	for (int i = 0; i < STEPS; i++) {
		double middle = (low + high) / 2;

		if (at_most(hits, trials, middle) > risk)
			low = middle;
		else
			high = middle;
	}
	return high;
}

void estimate_from_counts(struct estimate *estimate)
{
	estimate->probability = estimate->bound = 1;
	if (estimate->runs < 2)
		return;
	estimate->probability = (double)estimate->alone / estimate->runs;
	estimate->bound = fmax(binomial_upper_limit(estimate->surprises, estimate->runs - 1, risk_of_bound),
			       estimate->probability);
}

static bool is_covered(const struct needs *all, const struct needs *needs)
{
	for (unsigned i = 0; i < needs->count; i++)
		if (!needs_cover(all, &needs->list[i]))
			return false;
	return true;
}

static int count_surprises(const struct recording *const *runs, unsigned count, unsigned *ret, struct error *err)
{
	_cleanup_needs_ struct needs all = {0};
	unsigned surprises = 0;
	int r = 0;

	for (unsigned i = 0; i < count && r == 0; i++) {
		surprises += i > 0 && !is_covered(&all, &runs[i]->needs);
		r = needs_add_all(&all, &runs[i]->needs, err);
	}
	if (r == 0)
		*ret = surprises;
	return r;
}

static int count_alone(const struct recording *const *runs, unsigned count, unsigned *ret, struct error *err)
{
	_cleanup_tally_ struct tally tally = {0};
	unsigned alone = 0;
	int r = tally_make(runs, count, &tally, err);

	if (r < 0)
		return r;
	for (unsigned i = 0; i < count; i++)
		alone += tally_is_alone(&tally, &runs[i]->needs);
	*ret = alone;
	return 0;
}

int estimate(const struct recording *const *runs, size_t count, struct estimate *ret_estimate, struct error *err)
{
	_cleanup_free_ const struct recording **complete = calloc(count + 1, sizeof *complete);
	struct estimate result = {0};
	int r;

	if (!complete)
		return error_set(err, ENOMEM, "compare %zu recordings: out of memory", count);
	for (size_t i = 0; i < count; i++)
		if (runs[i]->complete)
			complete[result.runs++] = runs[i];
		else
			result.incomplete++;
	r = count_surprises(complete, result.runs, &result.surprises, err);
	if (r == 0)
		r = count_alone(complete, result.runs, &result.alone, err);
	if (r < 0)
		return r;
	estimate_from_counts(&result);
	*ret_estimate = result;
	return 0;
}
