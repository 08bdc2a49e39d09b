/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of needs: sorted, each once, bounded, and whatever is put in, in whatever order, the same set. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/record/arguments.h"
#include "lib/record/needs.h"

static int add(struct needs *needs, const char *text, const char *program)
{
	char name[NEED_NAME_MAX];
	struct need need;

	cr_assert(need_parse(text, name, &need), "%s", text);
	need.program = program;
	return needs_add(needs, &need, NULL);
}

/* All of them, each with "=" and its program where that is known. */
static const char *all(const struct needs *needs)
{
	static char text[4096];
	char one[NEED_TEXT_MAX];
	size_t used = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < needs->count; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "%s%s%s%s", i ? ", " : "",
					 need_text(&needs->list[i], one), *needs->list[i].program ? "=" : "",
					 needs->list[i].program);
	return text;
}

Test(needs, are_sorted_and_each_once)
{
	_cleanup_needs_ struct needs needs = {0};
	static const char *const texts[] = {"write",	"CAP_CHOWN",  "x86:write",  "socket 2 1", "accept4", "write",
					    "x32:read", "socket 1 1", "socket 2 1", "#467",	  "_sysctl"};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		cr_assert_eq(add(&needs, texts[i], ""), 0);
	cr_expect_str_eq(all(&needs),
			 "#467, _sysctl, accept4, socket, write, x86:write, x32:read, socket 1 1, socket 2 1, "
			 "CAP_CHOWN");
}

Test(needs, of_who_asked_the_first_one_stays)
{
	_cleanup_needs_ struct needs needs = {0};

	cr_assert_eq(add(&needs, "read", NULL), 0);
	cr_expect_str_eq(all(&needs), "read");
	cr_assert_eq(add(&needs, "read", "cat"), 0);
	cr_assert_eq(add(&needs, "read", "dog"), 0);
	cr_assert_eq(add(&needs, "fcntl 1", "sh"), 0);
	cr_assert_eq(add(&needs, "fcntl any", "awk"), 0);
	cr_expect_str_eq(all(&needs), "fcntl=sh, read=cat, fcntl any=awk");
}

Test(needs, a_program_is_fit_for_a_terminal)
{
	static const struct {
		const char *program, *kept;
	} cases[] = {
		{"\033[2J", "?[2J"},
		{"a\xff", "a?"},
		{"gr\303\274n", "gr\303\274n"},
		{"\302\233m", "?m"},
		{"a\x7f\n", "a??"},
		{"0123456789012345678901234567890123456789012345678901234567890123456789",
		 "012345678901234567890123456789012345678901234567890123456789012"},
		/* the last character would have no room: it is left out whole */
		{"01234567890123456789012345678901234567890123456789012345678901\303\274",
		 "01234567890123456789012345678901234567890123456789012345678901"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_needs_ struct needs needs = {0};

		cr_assert_eq(add(&needs, "read", cases[i].program), 0);
		cr_expect_str_eq(needs.list[0].program, cases[i].kept);
	}
}

Test(needs, many_swallows_values_and_the_65th_value_is_many)
{
	_cleanup_needs_ struct needs needs = {0}, swallowed = {0};
	const struct need *first;
	char text[NEED_TEXT_MAX];

	for (unsigned i = 0; i < NEEDS_VALUES_MAX; i++) {
		(void)snprintf(text, sizeof text, "ioctl %u", 5000 - i);
		cr_assert_eq(add(&needs, text, ""), 0);
	}
	cr_assert_eq(add(&needs, "ioctl 5000", ""), 0, "one of them");
	cr_expect_eq(needs.count, NEEDS_VALUES_MAX + 1);
	first = needs_find(&needs, NEED_ARGUMENTS, ABI_NATIVE, "ioctl");
	cr_assert_not_null(first);
	cr_expect_eq(first->values[0], 5000 - NEEDS_VALUES_MAX + 1, "the least");

	cr_assert_eq(add(&needs, "fcntl 1", ""), 0);
	cr_assert_eq(add(&needs, "prctl 1", ""), 0);
	cr_assert_eq(add(&needs, "ioctl 1", ""), 0);
	cr_expect_str_eq(all(&needs), "fcntl, ioctl, prctl, fcntl 1, ioctl any, prctl 1");
	cr_assert_eq(add(&needs, "ioctl 7", ""), 0);
	cr_expect_str_eq(all(&needs), "fcntl, ioctl, prctl, fcntl 1, ioctl any, prctl 1");

	cr_assert_eq(add(&swallowed, "ioctl any", ""), 0);
	cr_assert_eq(add(&swallowed, "ioctl 1", ""), 0);
	cr_expect_str_eq(all(&swallowed), "ioctl, ioctl any");
}

Test(needs, cover_what_is_there_and_values_by_many)
{
	_cleanup_needs_ struct needs needs = {0};
	static const struct {
		const char *text;
		bool covered, there;
	} cases[] = {
		{"ioctl", true, true},	   {"ioctl any", true, true},	{"ioctl 9", true, false},
		{"fcntl 1", true, true},   {"fcntl 2", false, false},	{"fcntl any", false, false},
		{"prctl 1", false, false}, {"x86:ioctl", false, false}, {"x86:ioctl 9", false, false},
		{"CAP_KILL", true, true},  {"CAP_CHOWN", false, false},
	};

	cr_assert_eq(add(&needs, "ioctl any", ""), 0);
	cr_assert_eq(add(&needs, "fcntl 1", ""), 0);
	cr_assert_eq(add(&needs, "CAP_KILL", ""), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char name[NEED_NAME_MAX];
		struct need need;

		cr_assert(need_parse(cases[i].text, name, &need));
		cr_expect_eq(needs_cover(&needs, &need), cases[i].covered, "%s", cases[i].text);
		cr_expect_eq(needs_have(&needs, &need), cases[i].there, "%s", cases[i].text);
	}
	cr_expect_null(needs_find(&needs, NEED_CALL, ABI_X32, "ioctl"));
	cr_expect_null(needs_find(&needs, NEED_CALL, ABI_NATIVE, "ioct"));
}

Test(needs, what_is_no_name_is_refused)
{
	static const struct need bad[] = {
		{.kind = NEED_CALL, .name = ""},
		{.kind = NEED_CALL, .name = "Read"},
		{.kind = NEED_CALL, .name = "re ad"},
		{.kind = NEED_CALL, .name = "../etc"},
		{.kind = NEED_CALL, .name = "cap_chown"},
		{.kind = NEED_CALL, .name = "a2345678901234567890123456789012345678901234567890123456789012345"},
		{.kind = NEED_CALL, .name = "socket", .count = 2},
		{.kind = NEED_CAPABILITY, .name = "CHOWN"},
		{.kind = NEED_CAPABILITY, .name = "CAP_chown"},
		{.kind = NEED_CAPABILITY, .name = "CAP_CHOWN", .many = true},
		{.kind = NEED_ARGUMENTS, .name = "read", .count = 1},
		{.kind = NEED_ARGUMENTS, .name = "socket", .count = 1},
		{.kind = NEED_ARGUMENTS, .name = "ioctl", .count = 2},
		{.kind = NEED_ARGUMENTS, .name = "ioctl", .count = 1, .many = true},
		{.kind = NEED_ARGUMENTS, .name = "ioctl"},
	};
	_cleanup_needs_ struct needs needs = {0};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct error err = {0};

		cr_expect_eq(needs_add(&needs, &bad[i], &err), -EINVAL, "%zu", i);
		cr_expect_neq(err.text[0], '\0');
	}
	cr_expect_eq(needs.count, 0);
}

Test(needs, are_bounded)
{
	_cleanup_needs_ struct needs needs = {0};
	char text[NEED_TEXT_MAX];

	for (unsigned i = 0; i < NEEDS_MAX; i++) {
		(void)snprintf(text, sizeof text, "#%u", i * 7919 % NEEDS_MAX);
		cr_assert_eq(add(&needs, text, ""), 0);
	}
	cr_expect_eq(add(&needs, "#1", ""), 0, "it is there");
	cr_expect_eq(add(&needs, "one_more", ""), -E2BIG);
	cr_expect_eq(needs.count, NEEDS_MAX);
}

Test(needs, a_text_is_of_one_need_alone)
{
	static const char *const good[] = {"read",	"x86:read",	 "x32:socket 2 4294967295",
					   "fcntl any", "CAP_SYS_ADMIN", "#467"};
	static const char *const bad[] = {
		"read ",       "socket  2 1",  "socket 2 01",	 "socket 2 +1", "socket 4294967296 1", "fcntl anyone",
		"fcntl any 1", "socket 1 2 3", "x86:CAP_CHOWN ", "socket 2 -1", "socket 2 x"};
	char name[NEED_NAME_MAX], text[NEED_TEXT_MAX];
	struct need need;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		cr_assert(need_parse(good[i], name, &need));
		cr_expect_str_eq(need_text(&need, text), good[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		cr_expect_not(need_parse(bad[i], name, &need), "%s", bad[i]);
}

Test(needs, recorded_arguments_are_in_order_and_found)
{
	for (unsigned i = 0; i < RECORDED_ARGUMENTS_COUNT; i++) {
		cr_expect_eq(recorded_arguments_find(recorded_arguments[i].name), &recorded_arguments[i]);
		cr_expect(i == 0 || strcmp(recorded_arguments[i - 1].name, recorded_arguments[i].name) < 0);
		cr_expect(recorded_arguments[i].count >= 1 && recorded_arguments[i].count <= NEED_ARGUMENTS_MAX);
	}
	cr_expect_null(recorded_arguments_find("read"));
}
