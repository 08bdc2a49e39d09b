/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Filters beside each other, and calls that are one need. */
#include <criterion/criterion.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/seccomp/diff.h"
#include "lib/seccomp/equivalent.h"

TestSuite(seccomp_diff, .timeout = 60);

static struct seccomp_filter filter_of(const char *text, struct json_doc **doc)
{
	struct seccomp_filter filter = {0};
	struct error err = {0};

	cr_assert_eq(json_parse("filter", text, strlen(text), doc, &err), 0, "%s", err.text);
	cr_assert_eq(seccomp_read(json_root(*doc), &filter, &err), 0, "%s: %s", text, err.text);
	return filter;
}

#define LIST(otherwise, rules) "{\"defaultAction\":\"SCMP_ACT_" otherwise "\",\"syscalls\":[" rules "]}"
#define RULE(name, action, rest) "{\"names\":[\"" name "\"],\"action\":\"SCMP_ACT_" action "\"" rest "}"
#define WHERE(index, value) ",\"args\":[{\"index\":" #index ",\"value\":" #value ",\"op\":\"SCMP_CMP_EQ\"}]"

static const struct {
	const char *filter;
	enum allowance read;
} allowances[] = {
	{LIST("ERRNO", ""), ALLOWS_NEVER},
	{LIST("ALLOW", ""), ALLOWS_ALWAYS},
	{LIST("LOG", ""), ALLOWS_ALWAYS},
	{LIST("ERRNO", RULE("read", "ALLOW", "")), ALLOWS_ALWAYS},
	{LIST("ERRNO", RULE("read", "LOG", "")), ALLOWS_ALWAYS},
	{LIST("ERRNO", RULE("read", "ALLOW", WHERE(0, 1))), ALLOWS_SOME},
	{LIST("ALLOW", RULE("read", "ERRNO", WHERE(0, 1))), ALLOWS_SOME},
	{LIST("ALLOW", RULE("read", "ERRNO", "")), ALLOWS_NEVER},
	{LIST("ALLOW", RULE("read", "ALLOW", WHERE(0, 1))), ALLOWS_ALWAYS},
	{LIST("ERRNO", RULE("read", "ALLOW", "") "," RULE("read", "ERRNO", WHERE(0, 1))), ALLOWS_SOME},
	{LIST("ERRNO", RULE("read", "ERRNO", "") "," RULE("read", "ALLOW", WHERE(0, 1))), ALLOWS_NEVER},
	{LIST("ERRNO", RULE("write", "ALLOW", "")), ALLOWS_NEVER},
};

Test(seccomp_diff, a_call_is_allowed_always_for_some_arguments_or_never)
{
	for (size_t i = 0; i < ARRAY_SIZE(allowances); i++) {
		_cleanup_json_ struct json_doc *doc = NULL;
		_cleanup_seccomp_ struct seccomp_filter filter = filter_of(allowances[i].filter, &doc);

		cr_expect_eq(seccomp_allowance(&filter, "read"), allowances[i].read, "%s", allowances[i].filter);
	}
}

static const struct seccomp_diff_call *find(const struct seccomp_diff *diff, const char *name)
{
	for (unsigned i = 0; i < diff->count; i++)
		if (strcmp(diff->calls[i].name, name) == 0)
			return &diff->calls[i];
	return NULL;
}

Test(seccomp_diff, what_each_allows_and_the_other_does_not)
{
	_cleanup_json_ struct json_doc *doc_a = NULL, *doc_b = NULL;
	_cleanup_seccomp_ struct seccomp_filter
		a = filter_of(LIST("ERRNO", RULE("read", "ALLOW", "") "," RULE("accept", "ALLOW", "") "," RULE("socket", "ALLOW", WHERE(0, 1)) ","
				   RULE("socket", "ALLOW", WHERE(0, 2)) "," RULE("ioctl", "ALLOW", WHERE(1, 7)) "," RULE("prctl", "ALLOW", "")), &doc_a),
		b = filter_of(LIST("KILL", RULE("read", "ALLOW", "") "," RULE("accept4", "ALLOW", "") "," RULE("socket", "ALLOW", WHERE(0, 2)) ","
				   RULE("socket", "ALLOW", WHERE(0, 1)) "," RULE("ioctl", "ALLOW", WHERE(1, 8)) "," RULE("prctl", "ALLOW", WHERE(0, 3))), &doc_b);
	_cleanup_seccomp_diff_ struct seccomp_diff diff = {0};
	struct error err = {0};

	cr_assert_eq(seccomp_diff(&a, &b, &diff, &err), 0, "%s", err.text);
	cr_assert_eq(diff.count, 6);
	cr_expect(find(&diff, "read")->same_rules);
	cr_expect(find(&diff, "socket")->same_rules, "in another order");
	cr_expect_not(find(&diff, "ioctl")->same_rules);
	cr_expect_not(find(&diff, "prctl")->same_rules);
	cr_expect_eq(find(&diff, "accept")->in_b, ALLOWS_NEVER);
	cr_expect_str_eq(find(&diff, "accept")->equivalent, "accept4");
	cr_expect_str_eq(find(&diff, "accept4")->equivalent, "accept");
	cr_expect_null(find(&diff, "prctl")->equivalent);
}

/* TC-1: what glibc 2.36 calls otherwise than the systems on which lists were published. */
Test(seccomp_diff, TC1_calls_that_are_one_need_under_other_names)
{
	static const char *const pairs[][2] = {
		{"accept", "accept4"}, {"clone", "clone3"}, {"pipe", "pipe2"}, {"stat", "newfstatat"}, {"fstat", "newfstatat"},
		{"lstat", "newfstatat"}, {"select", "pselect6"}, {"nanosleep", "clock_nanosleep"}, {"getrlimit", "prlimit64"},
		{"epoll_create", "epoll_create1"}, {"open", "openat"}, {"dup2", "dup3"}, {"epoll_wait", "epoll_pwait"},
	};
	static const char *const others[][2] = {{"read", "write"}, {"clone", "unshare"}, {"accept", "connect"}, {"stat", "open"}, {"bpf", "keyctl"},
						{"fork", "execve"}, {"mount", "open"}};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		cr_expect(calls_equivalent(pairs[i][0], pairs[i][1]), "%s", pairs[i][0]);
		cr_expect(calls_equivalent(pairs[i][1], pairs[i][0]), "%s", pairs[i][0]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		cr_expect_not(calls_equivalent(others[i][0], others[i][1]), "%s", others[i][0]);
	cr_expect(calls_equivalent("bpf", "bpf"));
	cr_expect(call_is_newer_form("clone3", "clone"));
	cr_expect_not(call_is_newer_form("clone", "clone3"));
	cr_expect_not(call_is_newer_form("clone3", "clone3"));
}
