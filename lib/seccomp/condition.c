/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/seccomp/condition.h"

#include "lib/seccomp/internal.h"

/* Which arguments EQ, LE and GE take: from..to, none where from > to. */
struct range {
	uint64_t from, to;
};

static bool range_of(const struct seccomp_condition *c, struct range *ret)
{
	*ret = (struct range){c->op == SECCOMP_LE ? 0 : c->value, c->op == SECCOMP_GE ? UINT64_MAX : c->value};
	return c->op == SECCOMP_EQ || c->op == SECCOMP_LE || c->op == SECCOMP_GE;
}

static enum meeting from_range(struct range range, struct seccomp_condition *ret)
{
	if (range.from > range.to)
		return MEETING_EMPTY;
	if (range.from == range.to)
		*ret = (struct seccomp_condition){SECCOMP_EQ, range.from, 0};
	else if (range.from == 0 && range.to == UINT64_MAX)
		*ret = (struct seccomp_condition){SECCOMP_ANY, 0, 0};
	else if (range.from == 0)
		*ret = (struct seccomp_condition){SECCOMP_LE, range.to, 0};
	else if (range.to == UINT64_MAX)
		*ret = (struct seccomp_condition){SECCOMP_GE, range.from, 0};
	else
		return MEETING_NO_FORM;
	return MEETING_EXACT;
}

bool condition_holds(const struct seccomp_condition *c, uint64_t argument)
{
	struct range range;

	switch (c->op) {
	case SECCOMP_ANY:
		return true;
	case SECCOMP_MASKED:
		return (argument & c->mask) == c->value;
	case SECCOMP_NE:
		return argument != c->value;
	default:
		return range_of(c, &range) && argument >= range.from && argument <= range.to;
	}
}

bool condition_between(uint64_t from, uint64_t to, struct seccomp_condition *ret)
{
	return from_range((struct range){from, to}, ret) == MEETING_EXACT;
}

struct seccomp_condition condition_masked(uint64_t mask, uint64_t value)
{
	if (mask == UINT64_MAX)
		return (struct seccomp_condition){SECCOMP_EQ, value, 0};
	if (mask == 0)
		return (struct seccomp_condition){SECCOMP_ANY, 0, 0};
	return (struct seccomp_condition){SECCOMP_MASKED, value & mask, mask};
}

static bool condition_equal(const struct seccomp_condition *a, const struct seccomp_condition *b)
{
	return a->op == b->op && a->value == b->value && a->mask == b->mask;
}

static enum meeting masked_meet(const struct seccomp_condition *a, const struct seccomp_condition *b,
				struct seccomp_condition *ret)
{
	if ((a->value ^ b->value) & a->mask & b->mask)
		return MEETING_EMPTY;
	*ret = condition_masked(a->mask | b->mask, a->value | b->value);
	return MEETING_EXACT;
}

/* All but one value, and something else. */
static enum meeting other_meet(uint64_t but, const struct seccomp_condition *c, struct seccomp_condition *ret)
{
	struct range range;

	*ret = *c;
	if (!condition_holds(c, but))
		return MEETING_EXACT;
	if (!range_of(c, &range))
		return MEETING_NO_FORM;
	if (range.from == but && range.to == but)
		return MEETING_EMPTY;
	if (range.from == but)
		range.from++;
	else if (range.to == but)
		range.to--;
	else
		return MEETING_NO_FORM;
	return from_range(range, ret);
}

enum meeting condition_meet(const struct seccomp_condition *a, const struct seccomp_condition *b,
			    struct seccomp_condition *ret)
{
	const struct seccomp_condition x = *a, y = *b;
	struct range in_a, in_b;

	*ret = x;
	if (y.op == SECCOMP_ANY || condition_equal(&x, &y))
		return MEETING_EXACT;
	*ret = y;
	if (x.op == SECCOMP_ANY)
		return MEETING_EXACT;
	if (x.op == SECCOMP_EQ || y.op == SECCOMP_EQ) {
		const struct seccomp_condition *one = x.op == SECCOMP_EQ ? &x : &y, *other = one == &x ? &y : &x;

		*ret = *one;
		return condition_holds(other, one->value) ? MEETING_EXACT : MEETING_EMPTY;
	}
	if (x.op == SECCOMP_MASKED && y.op == SECCOMP_MASKED)
		return masked_meet(&x, &y, ret);
	if (x.op == SECCOMP_NE)
		return other_meet(x.value, &y, ret);
	if (y.op == SECCOMP_NE)
		return other_meet(y.value, &x, ret);
	if (!range_of(&x, &in_a) || !range_of(&y, &in_b))
		return MEETING_NO_FORM;
	return from_range((struct range){in_a.from > in_b.from ? in_a.from : in_b.from, in_a.to < in_b.to ? in_a.to : in_b.to},
			  ret);
}

/* False where it has no form. */
static bool negate(const struct seccomp_condition *c, struct seccomp_condition *ret)
{
	switch (c->op) {
	case SECCOMP_EQ:
	case SECCOMP_NE:
		*ret = (struct seccomp_condition){c->op == SECCOMP_EQ ? SECCOMP_NE : SECCOMP_EQ, c->value, 0};
		return true;
	case SECCOMP_LE: /* neither is ever all there is */
		return condition_between(c->value + 1, UINT64_MAX, ret);
	case SECCOMP_GE:
		return condition_between(0, c->value - 1, ret);
	default:
		return false;
	}
}

enum meeting rule_meet(const struct seccomp_rule *a, const struct seccomp_rule *b, struct seccomp_rule *ret)
{
	enum meeting all = MEETING_EXACT;

	for (int i = 0; i < SECCOMP_ARGS; i++) {
		enum meeting one = condition_meet(&a->args[i], &b->args[i], &ret->args[i]);

		if (one == MEETING_EMPTY)
			return MEETING_EMPTY;
		if (one == MEETING_NO_FORM)
			all = MEETING_NO_FORM;
	}
	return all;
}

static bool condition_contains(const struct seccomp_condition *outer, const struct seccomp_condition *inner)
{
	struct seccomp_condition met;

	return outer->op == SECCOMP_ANY || (condition_meet(outer, inner, &met) == MEETING_EXACT && condition_equal(&met, inner));
}

bool rule_contains(const struct seccomp_rule *outer, const struct seccomp_rule *inner)
{
	for (int i = 0; i < SECCOMP_ARGS; i++)
		if (!condition_contains(&outer->args[i], &inner->args[i]))
			return false;
	return true;
}

enum meeting rule_without(const struct seccomp_rule *rule, const struct seccomp_rule *other, struct seccomp_rule *ret)
{
	struct seccomp_rule met;
	struct seccomp_condition rest;
	int differing = -1;
	enum meeting r;

	*ret = *rule;
	if (rule_meet(rule, other, &met) == MEETING_EMPTY)
		return MEETING_EXACT;
	for (int i = 0; i < SECCOMP_ARGS; i++) {
		if (condition_contains(&other->args[i], &rule->args[i]))
			continue;
		if (differing >= 0)
			return MEETING_NO_FORM; /* not this or not that: two rules, which overlap */
		differing = i;
	}
	if (differing < 0)
		return MEETING_EMPTY;
	if (!negate(&other->args[differing], &rest))
		return MEETING_NO_FORM;
	r = condition_meet(&rule->args[differing], &rest, &rest);
	ret->args[differing] = rest;
	return r;
}

bool condition_is_inequality(const struct seccomp_condition *condition)
{
	return condition->op >= SECCOMP_NE;
}

bool rule_is_any(const struct seccomp_rule *rule)
{
	for (int i = 0; i < SECCOMP_ARGS; i++)
		if (rule->args[i].op != SECCOMP_ANY)
			return false;
	return true;
}
