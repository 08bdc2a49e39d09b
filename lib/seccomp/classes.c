/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each condition changes its answer at a few places: at its value and beside it, or, of a mask, in a bit. Values are made
 * of these places for the lower and for the upper half, where programs look at them apart; of those that get the same
 * answers to everything, one is kept.
 */
#include "lib/seccomp/classes.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/seccomp/condition.h"

bool classes_add_condition(struct classes *classes, const struct seccomp_condition *condition)
{
	for (unsigned i = 0; i < classes->condition_count; i++) {
		const struct seccomp_condition *c = &classes->conditions[i];

		if (c->op == condition->op && c->value == condition->value && c->mask == condition->mask)
			return true;
	}
	if (classes->condition_count == CLASSES_CONDITIONS_MAX)
		return false;
	classes->conditions[classes->condition_count++] = *condition;
	return true;
}

bool classes_add_question(struct classes *classes, const struct bpf_question *question)
{
	for (unsigned i = 0; i < classes->question_count; i++) {
		const struct bpf_question *q = &classes->questions[i];

		if (q->word == question->word && q->op == question->op && q->mask == question->mask &&
		    q->value == question->value)
			return true;
	}
	if (classes->question_count == CLASSES_QUESTIONS_MAX)
		return false;
	classes->questions[classes->question_count++] = *question;
	return true;
}

/* Places of one half, and the masks that look at it. */
enum { PLACES_MAX = 32768, MASKS_MAX = 64 };
struct half {
	uint32_t places[PLACES_MAX];
	size_t count;
	struct {
		uint32_t mask, value;
	} masks[MASKS_MAX];
	unsigned mask_count;
	bool full;
};

static void put(struct half *half, uint32_t place)
{
	if (half->count < PLACES_MAX)
		half->places[half->count++] = place;
	else
		half->full = true;
}

static void put_mask(struct half *half, uint32_t mask, uint32_t value)
{
	put(half, value);
	put(half, value | ~mask);
	put(half, value ^ (mask & -mask)); /* its lowest bit the other way */
	put(half, value ^ mask);
	for (unsigned i = 0; i < half->mask_count; i++)
		if (half->masks[i].mask == mask && half->masks[i].value == value)
			return;
	if (mask == 0 || mask == UINT32_MAX)
		return;
	if (half->mask_count == MASKS_MAX) {
		half->full = true;
		return;
	}
	half->masks[half->mask_count].mask = mask;
	half->masks[half->mask_count++].value = value;
}

static void put_condition(struct half halves[2], const struct seccomp_condition *c)
{
	const uint64_t near[] = {c->value - 1, c->value, c->value + 1};

	for (int h = 0; h < 2; h++) {
		if (c->op == SECCOMP_MASKED)
			put_mask(&halves[h], (uint32_t)(c->mask >> 32 * h), (uint32_t)(c->value >> 32 * h));
		else
			for (size_t i = 0; i < ARRAY_SIZE(near); i++)
				put(&halves[h], (uint32_t)(near[i] >> 32 * h));
	}
}

static void put_question(struct half *half, const struct bpf_question *q)
{
	if (q->op == BPF_JSET) {
		put_mask(half, q->value & q->mask, 0);
		return;
	}
	if (q->mask != UINT32_MAX)
		put_mask(half, q->mask, q->value & q->mask);
	put(half, q->value - 1);
	put(half, q->value);
	put(half, q->value + 1);
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

size_t unique_values(uint32_t *values, size_t count)
{
	size_t kept = 0;

	qsort(values, count, sizeof values[0], by_value);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || values[kept - 1] != values[i])
			values[kept++] = values[i];
	return kept;
}

/* Each place with each mask met too: where several masks look, what one says is tried with what the others say. */
static void finish(struct half *half)
{
	size_t places;

	put(half, 0);
	put(half, UINT32_MAX);
	half->count = unique_values(half->places, half->count);
	places = half->count;
	for (unsigned m = 0; m < half->mask_count; m++)
		for (size_t i = 0; i < places; i++)
			put(half, (half->places[i] & ~half->masks[m].mask) | half->masks[m].value);
	half->count = unique_values(half->places, half->count);
}

/* What everything says of a value, a bit each. */
enum { ANSWER_WORDS = (CLASSES_CONDITIONS_MAX + CLASSES_QUESTIONS_MAX) / 64 };
struct answers {
	uint64_t bits[ANSWER_WORDS];
};

static void answers_of(const struct classes *classes, uint64_t value, struct answers *ret)
{
	unsigned n = 0;

	memset(ret, 0, sizeof *ret);
	for (unsigned i = 0; i < classes->condition_count; i++, n++)
		ret->bits[n / 64] |= (uint64_t)condition_holds(&classes->conditions[i], value) << n % 64;
	for (unsigned i = 0; i < classes->question_count; i++, n++) {
		const struct bpf_question *q = &classes->questions[i];

		ret->bits[n / 64] |= (uint64_t)bpf_question_holds(q, (uint32_t)(value >> 32 * q->word)) << n % 64;
	}
}

static int keep_one_of_each(struct classes *classes, const struct half halves[2], bool narrow, struct error *err)
{
	_cleanup_free_ struct answers *seen = calloc(CLASSES_MAX, sizeof *seen);
	size_t used = (classes->condition_count + classes->question_count + 63) / 64 * sizeof(uint64_t);
	size_t uppers = narrow ? 1 : halves[1].count; /* sorted: the first is 0 */

	if (!seen)
		return error_set(err, ENOMEM, "compare seccomp filters: out of memory");
	if (halves[0].count * uppers > UINT32_C(1) << 18)
		return -E2BIG;
	classes->tried += halves[0].count * uppers;
	classes->count = 0;
	for (size_t u = 0; u < uppers; u++)
		for (size_t l = 0; l < halves[0].count; l++) {
			uint64_t value = (uint64_t)halves[1].places[u] << 32 | halves[0].places[l];
			struct answers answers;
			unsigned i = 0;

			answers_of(classes, value, &answers);
			while (i < classes->count && memcmp(&seen[i], &answers, used) != 0)
				i++;
			if (i < classes->count)
				continue;
			if (classes->count == CLASSES_MAX)
				return -E2BIG;
			seen[classes->count] = answers;
			classes->values[classes->count++] = value;
		}
	return 0;
}

int classes_find(struct classes *classes, bool narrow, struct error *err)
{
	_cleanup_free_ struct half *halves = calloc(2, sizeof *halves);
	int r;

	if (classes->condition_count + classes->question_count == 0) {
		classes->values[0] = 0;
		classes->count = 1;
		return 0;
	}
	if (!halves)
		return error_set(err, ENOMEM, "compare seccomp filters: out of memory");
	for (unsigned i = 0; i < classes->condition_count; i++)
		put_condition(halves, &classes->conditions[i]);
	for (unsigned i = 0; i < classes->question_count; i++)
		put_question(&halves[classes->questions[i].word], &classes->questions[i]);
	finish(&halves[0]);
	finish(&halves[1]);
	r = halves[0].full || halves[1].full ? -E2BIG : keep_one_of_each(classes, halves, narrow, err);
	return r == -E2BIG ? error_set(err, E2BIG, "an argument is looked at in too many ways to try them all") : r;
}
