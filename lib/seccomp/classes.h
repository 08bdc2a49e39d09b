/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of all values of one argument, one of each kind: those that conditions and questions can tell apart. */
#ifndef STINT_SECCOMP_CLASSES_H
#define STINT_SECCOMP_CLASSES_H

#include <stddef.h>

#include "lib/seccomp/bpf.h"
#include "lib/seccomp/filter.h"

/* Who asks about the argument: a filter's rules, and programs, of its halves. A question's `word` is 0 for the lower 32
 * bits and 1 for the upper. */
enum { CLASSES_CONDITIONS_MAX = 256, CLASSES_QUESTIONS_MAX = 256, CLASSES_MAX = 1024 };
struct classes {
	struct seccomp_condition conditions[CLASSES_CONDITIONS_MAX];
	struct bpf_question questions[CLASSES_QUESTIONS_MAX];
	unsigned condition_count, question_count;
	uint64_t values[CLASSES_MAX]; /* one of each kind, in no order; the first is 0 */
	unsigned count;
	uint64_t tried; /* how many were looked at for that, since the beginning */
};

/* False: no room. One that is there already is not added. */
bool classes_add_condition(struct classes *classes, const struct seccomp_condition *condition);
bool classes_add_question(struct classes *classes, const struct bpf_question *question);

/* Finds the values anew. `narrow`: the upper half is 0. -E2BIG: there are too many kinds to be tried. */
int classes_find(struct classes *classes, bool narrow, struct error *err);

/* Sorts, and leaves one of each. How many. */
size_t unique_values(uint32_t *values, size_t count);

#endif
