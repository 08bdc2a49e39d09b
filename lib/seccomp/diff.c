/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/seccomp/diff.h"

#include <seccomp.h>

#include "lib/base/cleanup.h"
#include "lib/seccomp/equivalent.h"
#include "lib/seccomp/internal.h"

static bool is_allowed(const struct seccomp_answer *answer)
{
	return answer->action <= SECCOMP_LOG;
}

/* The strictest of the rules that match counts: one without a condition always does. */
enum allowance seccomp_allowance(const struct seccomp_filter *filter, const char *name)
{
	const struct seccomp_call *call = filter_find(filter, name);
	bool plain = false, plain_denies = false, some_allow = false, some_deny = false, otherwise;

	for (unsigned i = 0; call && i < call->count; i++) {
		bool allows = is_allowed(&call->rules[i].answer);

		if (rule_is_any(&call->rules[i])) {
			plain = true;
			plain_denies |= !allows;
		} else {
			some_allow |= allows;
			some_deny |= !allows;
		}
	}
	otherwise = plain ? !plain_denies : is_allowed(&filter->otherwise);
	if (otherwise)
		return some_deny ? ALLOWS_SOME : ALLOWS_ALWAYS;
	return !plain && some_allow ? ALLOWS_SOME : ALLOWS_NEVER;
}

static bool same_rule(const struct seccomp_rule *a, const struct seccomp_rule *b)
{
	bool same = answer_equal(&a->answer, &b->answer);

	for (int i = 0; i < SECCOMP_ARGS; i++)
		same = same && a->args[i].op == b->args[i].op && a->args[i].value == b->args[i].value &&
		       a->args[i].mask == b->args[i].mask;
	return same;
}

static bool has_rules(const struct seccomp_call *call, const struct seccomp_call *others)
{
	for (unsigned i = 0; i < others->count; i++) {
		bool there = false;

		for (unsigned k = 0; k < call->count && !there; k++)
			there = same_rule(&call->rules[k], &others->rules[i]);
		if (!there)
			return false;
	}
	return true;
}

static bool same_rules(const struct seccomp_filter *a, const struct seccomp_filter *b, const char *name)
{
	const struct seccomp_call *of_a = filter_find(a, name), *of_b = filter_find(b, name);

	return of_a && of_b && has_rules(of_a, of_b) && has_rules(of_b, of_a);
}

static const char *equivalent_in(const struct seccomp_filter *filter, const struct call_names *names, const char *name)
{
	for (unsigned i = 0; i < names->count; i++)
		if (calls_equivalent(names->list[i], name) && seccomp_allowance(filter, names->list[i]) != ALLOWS_NEVER)
			return names->list[i];
	return NULL;
}

static void add(struct seccomp_diff *diff, const struct seccomp_filter *a, const struct seccomp_filter *b, const char *name)
{
	struct seccomp_diff_call call = {name, seccomp_allowance(a, name), seccomp_allowance(b, name), false, NULL};

	if (call.in_a == ALLOWS_NEVER && call.in_b == ALLOWS_NEVER)
		return;
	if (call.in_a == ALLOWS_NEVER)
		call.equivalent = equivalent_in(a, &diff->names, name);
	else if (call.in_b == ALLOWS_NEVER)
		call.equivalent = equivalent_in(b, &diff->names, name);
	else
		call.same_rules = call.in_a == call.in_b && (call.in_a == ALLOWS_ALWAYS || same_rules(a, b, name));
	diff->calls[diff->count++] = call;
}

int seccomp_diff(const struct seccomp_filter *a, const struct seccomp_filter *b, struct seccomp_diff *ret_diff,
		 struct error *err)
{
	_cleanup_seccomp_diff_ struct seccomp_diff diff = {0};
	int r = call_names_of((const uint32_t[]){seccomp_arch_native()}, 1, &diff.names, err);

	if (r < 0)
		return r;
	diff.calls = calloc(diff.names.count + 1, sizeof *diff.calls);
	if (!diff.calls)
		return error_set(err, ENOMEM, "compare seccomp filters: out of memory");
	for (unsigned i = 0; i < diff.names.count; i++)
		add(&diff, a, b, diff.names.list[i]);
	*ret_diff = diff;
	diff = (struct seccomp_diff){0};
	return 0;
}

void seccomp_diff_close(struct seccomp_diff *diff)
{
	free(diff->calls);
	call_names_close(&diff->names);
	*diff = (struct seccomp_diff){0};
}
