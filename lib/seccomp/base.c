/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A filter of the groups of profiles/seccomp-default.list, which scripts/seccomp-list has made a table of. */
#include "lib/seccomp/base.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/seccomp/internal.h"

enum base_kind { BASE_ALLOW, BASE_DENY, BASE_ABSENT };
enum base_form { BASE_ALWAYS, BASE_IS, BASE_IS_NOT, BASE_HAS_NONE };

struct base_group {
	enum base_kind kind;
	uint64_t with, without; /* capabilities: one of these, none of those; 0: whatever they are */
	const char *const *on, *const *not_on; /* architectures; NULL: whatever it is */
	enum base_form form; /* of the condition on an argument */
	int argument;
	const uint64_t *values;
	unsigned value_count;
	const char *const *calls;
};

#include "lib/seccomp/base_list.h"

static const struct seccomp_answer allow = {SECCOMP_ALLOW, 0};
static const struct seccomp_answer denied = {SECCOMP_ERRNO, EPERM}, absent = {SECCOMP_ERRNO, ENOSYS};

/* In a list that ends with NULL, or is NULL. */
static bool has_word(const char *const *words, const char *word)
{
	for (; words && *words; words++)
		if (strcmp(*words, word) == 0)
			return true;
	return false;
}

static bool applies(const struct base_group *group, const char *architecture, uint64_t capabilities)
{
	return (!group->with || (group->with & capabilities)) && !(group->without & capabilities) &&
	       (!group->on || has_word(group->on, architecture)) && !has_word(group->not_on, architecture);
}

static int add(struct seccomp_call *call, int argument, struct seccomp_condition condition,
	       struct seccomp_answer answer, struct error *err)
{
	struct seccomp_rule rule = {.answer = answer};

	rule.args[argument] = condition;
	return call_add_rule(call, &rule, err);
}

static int allow_values(const struct base_group *group, struct seccomp_call *call, struct error *err)
{
	int r = 0;

	for (unsigned i = 0; i < group->value_count && r == 0; i++)
		r = add(call, group->argument, (struct seccomp_condition){SECCOMP_EQ, group->values[i], 0}, allow, err);
	return r;
}

/* Do the lowest `bits` bits look like those of a value before number `end`? */
static bool looks_like_one(const struct base_group *group, unsigned end, uint64_t value, uint64_t mask)
{
	for (unsigned i = 0; i < end; i++)
		if (((group->values[i] ^ value) & mask) == 0)
			return true;
	return false;
}

/* "All but these" has no form where only some bits count. What differs from all of them does so first in some bit: a rule
 * for each way to be like one of them below that bit, and like none with it. */
static int allow_other_values(const struct base_group *group, struct seccomp_call *call, struct error *err)
{
	int r = 0;

	for (unsigned bit = 0; bit < 32; bit++)
		for (unsigned i = 0; i < group->value_count && r == 0; i++) {
			uint64_t mask = (UINT64_C(2) << bit) - 1, other = group->values[i] ^ UINT64_C(1) << bit;

			if (!looks_like_one(group, group->value_count, other, mask) && !looks_like_one(group, i, other, mask >> 1))
				r = add(call, group->argument, condition_masked(mask, other), allow, err);
		}
	for (unsigned i = 0; i < group->value_count && r == 0; i++)
		r = add(call, group->argument, condition_masked(UINT32_MAX, group->values[i]), denied, err);
	return r;
}

static int allow_none_of(const struct base_group *group, struct seccomp_call *call, struct error *err)
{
	int r = add(call, group->argument, condition_masked(group->values[0], 0), allow, err);

	for (unsigned bit = 0; bit < 64 && r == 0; bit++)
		if (group->values[0] & UINT64_C(1) << bit)
			r = add(call, group->argument, condition_masked(UINT64_C(1) << bit, UINT64_C(1) << bit), denied, err);
	return r;
}

static int allow_call(const struct base_group *group, struct seccomp_call *call, struct error *err)
{
	switch (group->form) {
	case BASE_IS:
		return allow_values(group, call, err);
	case BASE_IS_NOT:
		return allow_other_values(group, call, err);
	case BASE_HAS_NONE:
		return allow_none_of(group, call, err);
	default:
		return add(call, 0, (struct seccomp_condition){0}, allow, err);
	}
}

static int add_group(const struct base_group *group, bool in_force, struct seccomp_filter *filter, struct error *err)
{
	struct seccomp_call *call;
	int r = 0;

	for (const char *const *name = group->calls; *name && r == 0; name++) {
		r = filter_call(filter, *name, &call, err);
		if (r == 0 && in_force && group->kind == BASE_ALLOW)
			r = allow_call(group, call, err);
		else if (r == 0 && in_force && group->kind == BASE_ABSENT)
			r = add(call, 0, (struct seccomp_condition){0}, absent, err);
	}
	return r;
}

/* A call that is named and got no answer is denied; one that has the default's needs no rule. */
static int settle(struct seccomp_filter *filter, struct error *err)
{
	const struct seccomp_condition any = {0};
	unsigned kept = 0;
	int r = 0;

	for (unsigned i = 0; i < filter->count; i++) {
		struct seccomp_call *call = &filter->calls[i];

		if (r == 0 && !call->count)
			r = add(call, 0, any, denied, err);
		if (call->count && answer_equal(&call->rules[0].answer, &filter->otherwise))
			free(call->rules);
		else
			filter->calls[kept++] = *call;
	}
	filter->count = kept;
	return r;
}

/* What programs a machine runs beside its own: Docker allows them, and they are under the same rules. */
static void take_architectures(const char *architecture, struct seccomp_filter *filter)
{
	static const char *const families[][4] = {
		{"SCMP_ARCH_X32", "SCMP_ARCH_X86", "SCMP_ARCH_X86_64"}, {"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"},
		{"SCMP_ARCH_S390", "SCMP_ARCH_S390X"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		for (const char *const *one = families[i]; *one && has_word(families[i], architecture); one++)
			filter->architectures[filter->architecture_count++] = *one;
}

int seccomp_base(const char *architecture, uint64_t capabilities, struct seccomp_filter *ret_filter, struct error *err)
{
	struct seccomp_filter filter = {.otherwise = absent};
	int r = 0;

	take_architectures(architecture, &filter);
	for (size_t i = 0; i < ARRAY_SIZE(base_groups) && r == 0; i++)
		r = add_group(&base_groups[i], applies(&base_groups[i], architecture, capabilities), &filter, err);
	if (r == 0)
		r = settle(&filter, err);
	if (r < 0) {
		seccomp_close(&filter);
		return r;
	}
	*ret_filter = filter;
	return 0;
}
