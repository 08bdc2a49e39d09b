/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `stint profile diff`: two filters beside each other, in numbers and names. */
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

#include "cli/profile.h"
#include "cli/recording.h"
#include "lib/base/cleanup.h"
#include "lib/base/file.h"
#include "lib/record/generate.h"
#include "lib/seccomp/base.h"
#include "lib/seccomp/diff.h"

/* What one side's filter is made of; the filter's strings point into it. */
struct side {
	const char *name, *what; /* as it was given; what that is, in words, where it does not say so itself */
	struct json_doc *doc;
	struct generated generated;
	struct seccomp_filter own;
	const struct seccomp_filter *filter;
};

static void side_close(struct side *side)
{
	json_doc_free(side->doc);
	generated_close(&side->generated);
	seccomp_close(&side->own);
}

/* Those that a container has under Docker when nothing is said. */
#define BIT(capability) (UINT64_C(1) << (capability))
static const uint64_t docker_capabilities =
	BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_FSETID) | BIT(CAP_FOWNER) | BIT(CAP_MKNOD) | BIT(CAP_NET_RAW) |
	BIT(CAP_SETGID) | BIT(CAP_SETUID) | BIT(CAP_SETFCAP) | BIT(CAP_SETPCAP) | BIT(CAP_NET_BIND_SERVICE) |
	BIT(CAP_SYS_CHROOT) | BIT(CAP_KILL) | BIT(CAP_AUDIT_WRITE);

static bool is_file(const char *name)
{
	size_t length = strlen(name);

	return strchr(name, '/') || (length > 5 && strcmp(name + length - 5, ".json") == 0);
}

/* The file of a filter, or a container's config.json, which is how Docker's own can be had: in its sources, and on Podman's disk,
 * it is written with conditions that the engine decides on. */
static const struct json *filter_in(const struct json *root, struct side *side, struct error *err)
{
	const struct json *seccomp = json_find(root, "linux.seccomp");

	if (!json_get(root, "ociVersion") && !json_get(root, "process"))
		return root;
	if (!json_is(seccomp, JSON_OBJECT)) {
		(void)error_set(err, EINVAL, "this config.json has no linux.seccomp: its container has no filter");
		return NULL;
	}
	side->what = "the filter of a config.json";
	return seccomp;
}

static int read_filter(const char *path, struct side *side, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	const struct json *seccomp = NULL;
	size_t length;
	int r = file_read(AT_FDCWD, path, JSON_MAX_BYTES, &text, &length, err);

	if (r == 0)
		r = json_parse(path, text, length, &side->doc, err);
	if (r < 0)
		return r;
	seccomp = filter_in(json_root(side->doc), side, err);
	return seccomp && seccomp_read(seccomp, &side->own, err) == 0 ? 0 : error_prefix(err, "read %.256s", path);
}

static int open_side(const struct profile_request *request, const char *name, struct side *side)
{
	_cleanup_profile_runs_ struct profile_runs runs = {0};
	struct error err = {0};
	int r = 0, status;

	side->name = name;
	side->filter = &side->own;
	if (strcmp(name, "docker") == 0) {
		side->what = "stint's default filter, for the capabilities that Docker gives";
		r = seccomp_base(seccomp_native(), docker_capabilities, &side->own, &err);
	} else if (is_file(name)) {
		r = read_filter(name, side, &err);
	} else {
		status = profile_find_runs(request->host, name, &runs);
		if (status != EXIT_OK)
			return status;
		side->filter = &side->generated.filter;
		r = generate(runs.runs.recordings, runs.runs.count, request->runtime, &side->generated, &err);
	}
	return r < 0 ? cli_fail(EXIT_STINT, &err) : EXIT_OK;
}

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

static void print_side(const char *letter, const struct side *side, const struct seccomp_diff *diff)
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

static void print_other_rules(const struct seccomp_diff *diff, const struct side *a, const struct side *b)
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

static void print_text(const struct seccomp_diff *diff, const struct side *a, const struct side *b)
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

static int print_json(const struct seccomp_diff *diff, const struct side *a, const struct side *b, struct error *err)
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
	return r < 0 ? error_set(err, ENOMEM, "compare seccomp filters: out of memory") : profile_print_json(json_root(doc), err);
}

int profile_diff(const struct profile_request *request)
{
	_cleanup_(side_close) struct side a = {0}, b = {0};
	_cleanup_seccomp_diff_ struct seccomp_diff diff = {0};
	struct error err = {0};
	int status = open_side(request, request->names[0], &a), r;

	if (status == EXIT_OK)
		status = open_side(request, request->names[1], &b);
	if (status != EXIT_OK)
		return status;
	r = seccomp_diff(a.filter, b.filter, &diff, &err);
	if (r == 0 && request->json)
		r = print_json(&diff, &a, &b, &err);
	if (r < 0)
		return cli_fail(EXIT_STINT, &err);
	if (!request->json)
		print_text(&diff, &a, &b);
	return count_of(&diff, SAME) == diff.count ? EXIT_OK : EXIT_DIFFERS;
}
