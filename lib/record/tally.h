/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many of several runs need each thing, and so which runs alone need something. */
#ifndef STINT_RECORD_TALLY_H
#define STINT_RECORD_TALLY_H

#include <stddef.h>

#include "lib/record/recording.h"

/* Points into the runs, which must outlive it. Begins as {0}. */
struct tally {
	struct tally_entry {
		const struct need *need;
		unsigned runs;
	} * list; /* sorted */
	size_t count;
};

/* -ENOMEM */
int tally_make(const struct recording *const *runs, size_t count, struct tally *ret_tally, struct error *err);
void tally_close(struct tally *tally);
#define _cleanup_tally_ _cleanup_(tally_close)

/* Whether a run that is counted needs what the union of the others does not have. */
bool tally_is_alone(const struct tally *tally, const struct needs *of_run);
/* It is not counted any more. */
void tally_take_out(struct tally *tally, const struct needs *of_run);

#endif
