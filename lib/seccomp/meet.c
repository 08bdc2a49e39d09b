/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The meet of two filters: what the kernel would answer were both loaded, as one OCI object.
 *
 * For one call each filter is a list of rules and, where none matches, its default. Every pair (rule of one, rule or
 * default of the other) gives a rule with the stricter of both answers, for what both match. Where that has no form,
 * a rule that opens (is looser than the default) is left out, one that closes is written for more than it has to.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/seccomp/condition.h"
#include "lib/seccomp/internal.h"

/* One call of the result in the making. */
struct making {
	struct seccomp_call call;
	struct seccomp_answer otherwise;
	bool narrow; /* it is for an architecture of 32 bits too */
	bool inexact;
	int failed; /* out of memory: there is no result */
	struct error *err;
};

bool answer_equal(const struct seccomp_answer *a, const struct seccomp_answer *b)
{
	return a->action == b->action && a->data == b->data;
}

/* Of two error numbers "there is no such call" is what a program knows to live with. */
static struct seccomp_answer same_action(const struct seccomp_answer *a, const struct seccomp_answer *b)
{
	bool absent = a->action == SECCOMP_ERRNO && (a->data == ENOSYS || b->data == ENOSYS);

	return (struct seccomp_answer){a->action, absent ? ENOSYS : a->data < b->data ? a->data : b->data};
}

static struct seccomp_answer stricter(const struct seccomp_answer *a, const struct seccomp_answer *b)
{
	return a->action > b->action ? *a : b->action > a->action ? *b : same_action(a, b);
}

/* A default says less than a rule about how a call is refused. */
static struct seccomp_answer stricter_than_default(const struct seccomp_answer *rule, const struct seccomp_answer *otherwise)
{
	return otherwise->action > rule->action ? *otherwise : *rule;
}

static bool opens(const struct making *making, const struct seccomp_answer *answer)
{
	return answer->action < making->otherwise.action;
}

static int emit(struct making *making, struct seccomp_rule *rule, const struct seccomp_answer *answer)
{
	rule->answer = *answer;
	return answer_equal(answer, &making->otherwise) ? 0 : call_add_rule(&making->call, rule, making->err);
}

/* Any order that does not depend on who came first. */
static int by_content(const void *one, const void *other)
{
	const struct seccomp_rule *a = one, *b = other;

	for (int i = 0; i < SECCOMP_ARGS; i++) {
		const struct seccomp_condition *x = &a->args[i], *y = &b->args[i];

		if (x->op != y->op)
			return x->op < y->op ? -1 : 1;
		if (x->value != y->value)
			return x->value < y->value ? -1 : 1;
		if (x->mask != y->mask)
			return x->mask < y->mask ? -1 : 1;
	}
	return a->answer.action != b->answer.action ? (int)a->answer.action - (int)b->answer.action :
	       a->answer.data != b->answer.data ? (a->answer.data < b->answer.data ? -1 : 1) : 0;
}

static int meet_rules(struct making *making, const struct seccomp_rule *a, const struct seccomp_rule *b)
{
	struct seccomp_answer answer = stricter(&a->answer, &b->answer);
	struct seccomp_rule met = {0};

	switch (rule_meet(a, b, &met)) {
	case MEETING_EMPTY:
		return 0;
	case MEETING_EXACT:
		return emit(making, &met, &answer);
	case MEETING_NO_FORM:
		break;
	}
	making->inexact = true;
	if (opens(making, &answer))
		return 0;
	met = by_content(a, b) < 0 ? *a : *b; /* which is more */
	return emit(making, &met, &answer);
}

/* Where `rule` matches and none of the other's does. */
static int meet_default(struct making *making, const struct seccomp_rule *rule, const struct seccomp_call *others,
			const struct seccomp_answer *otherwise)
{
	struct seccomp_answer answer = stricter_than_default(&rule->answer, otherwise);
	struct seccomp_rule left = *rule;

	if (answer_equal(&answer, &making->otherwise))
		return 0;
	for (unsigned i = 0; others && i < others->count; i++) {
		struct seccomp_rule rest;

		switch (rule_without(&left, &others->rules[i], &rest)) {
		case MEETING_EMPTY:
			return 0;
		case MEETING_EXACT:
			left = rest;
			break;
		case MEETING_NO_FORM: /* too much: right for a rule that is no looser than what is meant for the rest */
			making->inexact = true;
			if (others->rules[i].answer.action > answer.action && opens(making, &answer))
				return 0;
			break;
		}
	}
	return emit(making, &left, &answer);
}

static void drop(struct seccomp_call *call, unsigned at)
{
	memmove(&call->rules[at], &call->rules[at + 1], (call->count - at - 1) * sizeof *call->rules);
	call->count--;
}

/* Which of two rules with different answers counts where both match is not said by OCI, and runtimes differ: the
 * looser one is cut back to where the stricter one does not match, or is as strict. True: begin again. */
static bool part(struct making *making, unsigned i, unsigned k)
{
	struct seccomp_call *call = &making->call;
	bool first = call->rules[i].answer.action < call->rules[k].answer.action;
	struct seccomp_rule *looser = &call->rules[first ? i : k], *closer = &call->rules[first ? k : i], rest, met;

	if (answer_equal(&looser->answer, &closer->answer) || rule_meet(looser, closer, &met) == MEETING_EMPTY)
		return false;
	if (looser->answer.action == closer->answer.action) {
		looser->answer = closer->answer = same_action(&looser->answer, &closer->answer);
		return true;
	}
	switch (rule_without(looser, closer, &rest)) {
	case MEETING_EMPTY:
		drop(call, first ? i : k);
		return true;
	case MEETING_EXACT:
		*looser = rest;
		return true;
	case MEETING_NO_FORM:
		break;
	}
	making->inexact = true;
	looser->answer = closer->answer;
	return true;
}

static bool make_agree(struct making *making)
{
	struct seccomp_call *call = &making->call;
	bool changed = false;

	for (unsigned i = 0; i < call->count; i++)
		for (unsigned k = i + 1; k < call->count; k++)
			if (part(making, i, k)) {
				changed = true;
				i = k = 0;
			}
	return changed;
}

static void drop_default(struct making *making)
{
	for (unsigned i = making->call.count; i-- > 0;)
		if (answer_equal(&making->call.rules[i].answer, &making->otherwise))
			drop(&making->call, i);
}

static void drop_contained(struct seccomp_call *call)
{
	for (unsigned i = call->count; i-- > 0;)
		for (unsigned k = 0; k < call->count; k++)
			if (k != i && answer_equal(&call->rules[k].answer, &call->rules[i].answer) &&
			    rule_contains(&call->rules[k], &call->rules[i])) {
				drop(call, i);
				break;
			}
}

/* Matches more from now on. As strict as the strictest, or it would be cut back to what it was. */
static void widen(struct seccomp_call *call, unsigned at, int argument)
{
	for (unsigned i = 0; i < call->count; i++)
		call->rules[at].answer = stricter(&call->rules[at].answer, &call->rules[i].answer);
	call->rules[at].args[argument] = (struct seccomp_condition){SECCOMP_ANY, 0, 0};
}

/* Of a condition that has no form. */
static void give_way(struct making *making, unsigned at, int argument)
{
	making->inexact = true;
	if (opens(making, &making->call.rules[at].answer))
		drop(&making->call, at);
	else
		widen(&making->call, at, argument);
}

/* "At most 11" is as well said by twelve values (Docker's filter has "less than 38" for the families of sockets). */
static bool enumerate(struct making *making, unsigned at, int argument)
{
	enum { VALUES_MAX = 64 };
	struct seccomp_rule rule = making->call.rules[at];
	uint64_t last = rule.args[argument].value;

	if (rule.args[argument].op != SECCOMP_LE || last >= VALUES_MAX || making->call.count + last > SECCOMP_RULES_MAX)
		return false;
	for (uint64_t value = 0; value <= last; value++) {
		rule.args[argument] = (struct seccomp_condition){SECCOMP_EQ, value, 0};
		if (value == last)
			making->call.rules[at] = rule;
		else if (making->failed == 0)
			making->failed = call_add_rule(&making->call, &rule, making->err);
	}
	return true;
}

/* An inequality is the one rule of its call, or is none. */
static bool limit_inequalities(struct making *making)
{
	struct seccomp_call *call = &making->call;

	for (unsigned i = 0; call->count > 1 && i < call->count; i++)
		for (int a = 0; a < SECCOMP_ARGS; a++) {
			if (!condition_is_inequality(&call->rules[i].args[a]))
				continue;
			if (enumerate(making, i, a))
				return true;
			give_way(making, i, a);
			return true;
		}
	return false;
}

/* A value of more than 32 bits is another one where there are no more. */
static bool limit_width(struct making *making)
{
	struct seccomp_call *call = &making->call;

	for (unsigned i = 0; making->narrow && i < call->count; i++)
		for (int a = 0; a < SECCOMP_ARGS; a++) {
			if (!condition_is_wide(&call->rules[i].args[a]))
				continue;
			give_way(making, i, a);
			return true;
		}
	return false;
}

/* The rules of one filter, of which no two answer the same call differently. */
static int copy_agreeing(struct making *making, const struct seccomp_call *from)
{
	int r = 0;

	for (unsigned i = 0; from && i < from->count && r == 0; i++)
		r = call_add_rule(&making->call, &from->rules[i], making->err);
	if (r == 0)
		(void)make_agree(making);
	return r;
}

static int cross(struct making *making, const struct seccomp_call *a, const struct seccomp_answer *default_a,
		 const struct seccomp_call *b, const struct seccomp_answer *default_b)
{
	int r = 0;

	for (unsigned i = 0; i < a->count && r == 0; i++) {
		for (unsigned k = 0; k < b->count && r == 0; k++)
			r = meet_rules(making, &a->rules[i], &b->rules[k]);
		if (r == 0)
			r = meet_default(making, &a->rules[i], b, default_b);
	}
	for (unsigned k = 0; k < b->count && r == 0; k++)
		r = meet_default(making, &b->rules[k], a, default_a);
	return r;
}

static void put_in_form(struct making *making)
{
	struct seccomp_call *call = &making->call;

	do {
		drop_contained(call);
		if (call->count) /* so that it does not matter who came first */
			qsort(call->rules, call->count, sizeof *call->rules, by_content);
	} while (make_agree(making) || limit_width(making) || limit_inequalities(making));
	drop_default(making);
}

static int meet_call(struct making *making, const struct seccomp_call *a, const struct seccomp_answer *default_a,
		     const struct seccomp_call *b, const struct seccomp_answer *default_b)
{
	struct making of_a = {.err = making->err}, of_b = {.err = making->err};
	int r = copy_agreeing(&of_a, a);

	if (r == 0)
		r = copy_agreeing(&of_b, b);
	if (r == 0)
		r = cross(making, &of_a.call, default_a, &of_b.call, default_b);
	free(of_a.call.rules);
	free(of_b.call.rules);
	if (r < 0)
		return r;
	making->inexact |= of_a.inexact || of_b.inexact;
	put_in_form(making);
	return making->failed;
}

static int keep(struct seccomp_filter *filter, struct making *making, struct error *err)
{
	struct seccomp_call *call;
	int r;

	if (!making->call.count) {
		free(making->call.rules);
		return 0;
	}
	r = filter_call(filter, making->call.name, &call, err);
	if (r < 0)
		free(making->call.rules);
	else
		*call = making->call;
	return r;
}

static int meet_calls(const struct seccomp_filter *a, const struct seccomp_filter *b, struct seccomp_filter *filter,
		      unsigned *inexact, struct error *err)
{
	bool narrow = filter_is_narrow(filter);
	int r = 0;

	for (unsigned i = 0, k = 0; r == 0 && (i < a->count || k < b->count);) {
		int order = i == a->count ? 1 : k == b->count ? -1 : strcmp(a->calls[i].name, b->calls[k].name);
		const struct seccomp_call *one = order <= 0 ? &a->calls[i++] : NULL, *other = order >= 0 ? &b->calls[k++] : NULL;
		struct making making = {.call.name = one ? one->name : other->name, .otherwise = filter->otherwise, .narrow = narrow,
					.err = err};

		r = meet_call(&making, one, &a->otherwise, other, &b->otherwise);
		if (r < 0)
			free(making.call.rules);
		else
			r = keep(filter, &making, err);
		*inexact += making.inexact;
	}
	return r;
}

/* --- what is not about calls --- */

static bool has(const char *const *words, unsigned count, const char *word)
{
	for (unsigned i = 0; i < count; i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

/* The machine's own is always there: libseccomp adds it, and kills what calls by another that is not. */
static void meet_architectures(const struct seccomp_filter *a, const struct seccomp_filter *b, struct seccomp_filter *ret)
{
	for (unsigned i = 0; i < a->architecture_count; i++) {
		const char *one = a->architectures[i];

		if (strcmp(one, seccomp_native()) == 0 || has(b->architectures, b->architecture_count, one))
			ret->architectures[ret->architecture_count++] = one;
	}
	if (ret->architecture_count == 1 && strcmp(ret->architectures[0], seccomp_native()) == 0)
		ret->architecture_count = 0;
}

/* Each flag asks for more care but one. */
static int meet_flags(const struct seccomp_filter *a, const struct seccomp_filter *b, struct seccomp_filter *ret, struct error *err)
{
	static const char speculation[] = "SECCOMP_FILTER_FLAG_SPEC_ALLOW";

	for (unsigned i = 0, k = 0; i < a->flag_count || k < b->flag_count;) {
		int order = i == a->flag_count ? 1 : k == b->flag_count ? -1 : strcmp(a->flags[i], b->flags[k]);
		const char *flag = order <= 0 ? a->flags[i] : b->flags[k];

		i += order <= 0;
		k += order >= 0;
		if (order != 0 && strcmp(flag, speculation) == 0)
			continue;
		if (ret->flag_count == SECCOMP_FLAGS_MAX)
			return error_set(err, E2BIG, "compose two seccomp filters: they have more than %d flags", SECCOMP_FLAGS_MAX);
		ret->flags[ret->flag_count++] = flag;
	}
	return 0;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static int meet_listener(const struct seccomp_filter *a, const struct seccomp_filter *b, struct seccomp_filter *ret,
			 struct error *err)
{
	const struct seccomp_filter *who = a->listener ? a : b;

	if (a->listener && b->listener &&
	    !(same_text(a->listener, b->listener) && same_text(a->listener_metadata, b->listener_metadata)))
		return error_set(err, ENOTSUP, "compose two seccomp filters: each has a listener of its own, and there can be one");
	ret->listener = who->listener;
	ret->listener_metadata = who->listener_metadata;
	return 0;
}

int seccomp_meet(const struct seccomp_filter *a, const struct seccomp_filter *b, struct seccomp_filter *ret_filter,
		 unsigned *ret_inexact, struct error *err)
{
	struct seccomp_filter filter = {.otherwise = stricter(&a->otherwise, &b->otherwise)};
	unsigned inexact = 0;
	int r = meet_listener(a, b, &filter, err);

	meet_architectures(a, b, &filter);
	if (r == 0)
		r = meet_flags(a, b, &filter, err);
	if (r == 0)
		r = meet_calls(a, b, &filter, &inexact, err);
	if (r == 0)
		r = meet_subcalls(a, b, &filter, &inexact, err);
	if (r < 0) {
		seccomp_close(&filter);
		return r;
	}
	*ret_filter = filter;
	*ret_inexact = inexact;
	return 0;
}
