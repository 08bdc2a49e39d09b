/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How complete a union of runs is: how probable it is that the next run needs something that none of them did.
 *
 * Runs are taken as independent of one another and of one kind; how the needs of one run depend on each other does not
 * matter. Only runs that are complete are evidence. Others add their needs to a union, which can make it better than is
 * said here, never worse.
 *
 * `probability` is Good and Turing's estimate with a run as the unit, by leaving one out: the share of runs that stand
 * alone, with a need that no other run has. Any of n runs might have been the last, so its expectation is exactly the
 * probability that the n-th needs something that the n - 1 before it did not.
 *
 * `bound`: the probability is not above it, with a confidence of 95 %. It counts surprises, runs that, when they came,
 * needed something that no earlier one had, and is the limit of Clopper and Pearson for so many of n - 1 trials. Why
 * that holds, although the trials are not alike: the probability of a surprise only falls, since a union only grows. If
 * it is above b now, it was for each run before. It falls only by a surprise, and no workload, whatever it makes of
 * that, is above the bound more often than is said: the tests compute the worst one. (The limit for `alone` of n is
 * lower, and does not hold: of many needs that are equally rare, all but one may have come twice by now. Of some
 * workloads in the tests a fifth is above it.)
 *
 * Without a surprise it is 1 - 0.05^(1/(n-1)), about 3/(n-1): 60 runs show that less than 5 % is missing. It is never
 * put below the estimate, as it would be where a workload was another in its first runs.
 */
#ifndef STINT_RECORD_ESTIMATE_H
#define STINT_RECORD_ESTIMATE_H

#include <stddef.h>

#include "lib/base/error.h"
#include "lib/record/recording.h"

struct estimate {
	unsigned runs;		   /* complete ones */
	unsigned incomplete;	   /* others */
	unsigned surprises;	   /* runs after the first that needed what no earlier one had */
	unsigned alone;		   /* runs that need what no other does */
	double probability, bound; /* from 0 to 1; both 1 for less than two runs */
};

/* `runs` in the order in which they began. -ENOMEM; -E2BIG: more needs together than are kept. */
int estimate(const struct recording *const *runs, size_t count, struct estimate *ret_estimate, struct error *err);

/* Fills in `probability` and `bound` from the counts. */
void estimate_from_counts(struct estimate *estimate);

/* Of Clopper and Pearson: the largest probability of a hit with which `hits` of `trials`, or fewer, come about as often
 * as `risk`; 1 when all hit. */
double binomial_upper_limit(unsigned hits, unsigned trials, double risk);

#endif
