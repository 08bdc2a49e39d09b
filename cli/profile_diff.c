/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `stint profile diff`: two filters beside each other, in numbers and names; and what else the two profiles differ in. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/profile_side.h"
#include "cli/recording.h"
#include "lib/base/cleanup.h"
#include "lib/seccomp/diff.h"

/* --- what is printed --- */

enum which { ONLY_A, ONLY_B, OTHER_RULES, SAME, WHICH_COUNT };

static enum which which_of(const struct seccomp_diff_call *call)
{
	if (call->in_b == ALLOWS_NEVER)
		return ONLY_A;
	if (call->in_a == ALLOWS_NEVER)
		return ONLY_B;
	return call->same_rules ? SAME : OTHER_RULES;
}

static unsigned count_of(const struct seccomp_diff *diff, enum which which)
{
	unsigned count = 0;

	for (unsigned i = 0; i < diff->count; i++)
		count += which_of(&diff->calls[i]) == which;
	return count;
}

static void count_side(const struct seccomp_diff *diff, bool a, unsigned *ret_allowed, unsigned *ret_some)
{
	*ret_allowed = *ret_some = 0;
	for (unsigned i = 0; i < diff->count; i++) {
		enum allowance allows = a ? diff->calls[i].in_a : diff->calls[i].in_b;

		*ret_allowed += allows != ALLOWS_NEVER;
		*ret_some += allows == ALLOWS_SOME;
	}
}

static void print_side(const char *letter, const struct profile_side *side, const struct seccomp_diff *diff)
{
	unsigned allowed, some;

	count_side(diff, *letter == 'A', &allowed, &some);
	printf("%s  %s", letter, side->name);
	if (side->what)
		printf(" (%s)", side->what);
	printf(" allows %u calls, %u of them by their arguments\n", allowed, some);
}

static void print_names(const struct seccomp_diff *diff, enum which which, const char *heading)
{
	struct name_columns columns = {0};
	unsigned count = count_of(diff, which);

	if (!count)
		return;
	printf("\n%s (%u)\n", heading, count);
	for (unsigned i = 0; i < diff->count; i++) {
		const struct seccomp_diff_call *call = &diff->calls[i];
		char text[160];

		if (which_of(call) != which)
			continue;
		(void)snprintf(text, sizeof text, call->equivalent ? "%s(=%s)" : "%s", call->name, call->equivalent);
		name_columns_put(&columns, text);
	}
	name_columns_end(&columns);
}

static void print_condition(unsigned argument, const struct seccomp_condition *condition)
{
	static const char *const words[] = {[SECCOMP_MASKED] = "is", [SECCOMP_EQ] = "is", [SECCOMP_NE] = "is not",
					    [SECCOMP_LE] = "is at most", [SECCOMP_GE] = "is at least"};

	printf("argument %u ", argument);
	if (condition->op == SECCOMP_MASKED && condition->mask != UINT32_MAX)
		printf("& %#" PRIx64 " ", condition->mask);
	printf("%s %" PRIu64, words[condition->op], condition->value);
}

static void print_rule(const struct seccomp_rule *rule)
{
	const char *between = "";

	printf("%s", rule->answer.action <= SECCOMP_LOG ? "allowed" : "denied");
	for (unsigned i = 0; i < SECCOMP_ARGS; i++) {
		if (rule->args[i].op == SECCOMP_ANY)
			continue;
		printf("%s", *between ? between : " where ");
		print_condition(i, &rule->args[i]);
		between = " and ";
	}
	(void)putchar('\n');
}

static void print_rules(const char *letter, const struct seccomp_filter *filter, const char *name, enum allowance allows)
{
	if (allows == ALLOWS_ALWAYS) {
		printf("    %s  allowed\n", letter);
		return;
	}
	for (unsigned i = 0; i < filter->count; i++)
		for (unsigned k = 0; strcmp(filter->calls[i].name, name) == 0 && k < filter->calls[i].count; k++) {
			printf("    %s  ", letter);
			print_rule(&filter->calls[i].rules[k]);
		}
}

static void print_other_rules(const struct seccomp_diff *diff, const struct profile_side *a, const struct profile_side *b)
{
	unsigned count = count_of(diff, OTHER_RULES);

	if (count)
		printf("\nAllowed by both, for other arguments (%u)\n", count);
	for (unsigned i = 0; i < diff->count; i++) {
		const struct seccomp_diff_call *call = &diff->calls[i];

		if (which_of(call) != OTHER_RULES)
			continue;
		printf("  %s\n", call->name);
		print_rules("A", a->filter, call->name, call->in_a);
		print_rules("B", b->filter, call->name, call->in_b);
	}
}

static void print_text(const struct seccomp_diff *diff, const struct profile_side *a, const struct profile_side *b)
{
	print_side("A", a, diff);
	print_side("B", b, diff);
	printf("%u are allowed alike\n", count_of(diff, SAME));
	print_names(diff, ONLY_A, "Only A allows");
	print_names(diff, ONLY_B, "Only B allows");
	print_other_rules(diff, a, b);
}

static int put_side(struct json_doc *doc, struct json *object, const char *key, const char *name, const struct seccomp_diff *diff)
{
	struct json *side = json_new(doc, JSON_OBJECT);
	unsigned allowed, some;
	int r = json_set(doc, side, "name", json_new_string(doc, name));

	count_side(diff, *key == 'a', &allowed, &some);
	if (r == 0)
		r = json_set(doc, side, "allowed", json_new_uint64(doc, allowed));
	if (r == 0)
		r = json_set(doc, side, "byArguments", json_new_uint64(doc, some));
	return r < 0 ? r : json_set(doc, object, key, side);
}

static int print_json(const struct seccomp_diff *diff, const struct profile_side *a, const struct profile_side *b,
		      const struct settings_diff *settings, struct error *err)
{
	static const char *const keys[WHICH_COUNT] = {"onlyA", "onlyB", "otherArguments", "same"};
	_cleanup_json_ struct json_doc *doc = NULL;
	struct json *arrays[WHICH_COUNT];
	int r = json_doc_new(&doc, err);

	if (r < 0)
		return r;
	r = put_side(doc, json_root(doc), "a", a->name, diff);
	if (r == 0)
		r = put_side(doc, json_root(doc), "b", b->name, diff);
	for (int i = 0; i < WHICH_COUNT && r == 0; i++)
		r = json_set(doc, json_root(doc), keys[i], arrays[i] = json_new(doc, JSON_ARRAY));
	for (unsigned i = 0; i < diff->count && r == 0; i++)
		r = json_append(arrays[which_of(&diff->calls[i])], json_new_string(doc, diff->calls[i].name));
	if (r == 0)
		r = json_set(doc, json_root(doc), "settings", json_copy(doc, settings->array));
	return r < 0 ? error_set(err, ENOMEM, "compare seccomp filters: out of memory") : profile_print_json(json_root(doc), err);
}

int profile_diff(const struct profile_request *request)
{
	_cleanup_(profile_side_close) struct profile_side a = {0}, b = {0};
	_cleanup_(settings_diff_close) struct settings_diff settings = {0};
	_cleanup_seccomp_diff_ struct seccomp_diff diff = {0};
	struct error err = {0};
	int status = profile_side_open(request, request->names[0], &a), r;

	if (status == EXIT_OK)
		status = profile_side_open(request, request->names[1], &b);
	if (status != EXIT_OK)
		return status;
	r = seccomp_diff(a.filter, b.filter, &diff, &err);
	if (r == 0)
		r = settings_diff(&a, &b, &settings, &err);
	if (r == 0 && request->json)
		r = print_json(&diff, &a, &b, &settings, &err);
	if (r < 0)
		return cli_fail(EXIT_STINT, &err);
	if (!request->json) {
		print_text(&diff, &a, &b);
		settings_diff_print(&settings);
	}
	return count_of(&diff, SAME) == diff.count && !settings.count ? EXIT_OK : EXIT_DIFFERS;
}
