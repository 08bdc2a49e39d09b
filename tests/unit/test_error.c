/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Errors are values: always negative, always one clean line, never longer than their place. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "lib/base/error.h"

Test(error, fills_and_returns)
{
	struct error err = {0};

	cr_assert_eq(error_set(&err, EINVAL, "read %s: line %d", "x", 3), -EINVAL);
	cr_assert_eq(err.code, EINVAL);
	cr_assert_str_eq(err.text, "read x: line 3");
	cr_assert_eq(error_errno(&err, ENOENT, "open %s", "y"), -ENOENT);
	cr_assert_eq(err.code, ENOENT);
	cr_assert_str_eq(err.text, "open y: No such file or directory");
	cr_assert_eq(error_prefix(&err, "bundle %s", "z"), -ENOENT);
	cr_assert_str_eq(err.text, "bundle z: open y: No such file or directory");
	cr_assert_eq(error_prefix(&err, "run"), -ENOENT);
	cr_assert_str_eq(err.text, "run: bundle z: open y: No such file or directory");
}

Test(error, without_a_place_for_the_text)
{
	cr_assert_eq(error_set(NULL, EINVAL, "%s", "x"), -EINVAL);
	cr_assert_eq(error_errno(NULL, ENOENT, "%s", "x"), -ENOENT);
	cr_assert_lt(error_prefix(NULL, "%s", "x"), 0);
}

/* errno may be 0 by then, or a caller pass what a function returned: it failed all the same. */
Test(error, is_never_success)
{
	struct error err = {0};

	cr_assert_eq(error_set(&err, 0, "x"), -EIO);
	cr_assert_eq(err.code, EIO);
	cr_assert_eq(error_set(&err, -EPERM, "x"), -EPERM);
	cr_assert_eq(err.code, EPERM);
	memset(&err, 0, sizeof err);
	cr_assert_lt(error_prefix(&err, "x"), 0);
}

Test(error, long_text_is_cut)
{
	char huge[3 * ERROR_TEXT_MAX];
	struct {
		struct error err;
		char guard[8];
	} place = {.guard = "guarded"};

	memset(huge, 'a', sizeof huge - 1);
	huge[sizeof huge - 1] = '\0';
	cr_assert_eq(error_set(&place.err, EINVAL, "%s", huge), -EINVAL);
	cr_assert_eq(strlen(place.err.text), ERROR_TEXT_MAX - 1);
	cr_assert_eq(error_errno(&place.err, EINVAL, "%s", huge), -EINVAL);
	cr_assert_eq(strlen(place.err.text), ERROR_TEXT_MAX - 1);
	cr_assert_eq(error_prefix(&place.err, "before"), -EINVAL);
	cr_assert_eq(strlen(place.err.text), ERROR_TEXT_MAX - 1);
	cr_assert_eq(strncmp(place.err.text, "before: aaa", 11), 0);
	cr_assert_eq(error_prefix(&place.err, "%s", huge), -EINVAL);
	cr_assert_eq(place.err.code, EINVAL);
	cr_assert_str_eq(place.guard, "guarded");
}

Test(error, text_may_be_its_own_argument)
{
	struct error err = {0};

	(void)error_set(&err, EINVAL, "first");
	(void)error_set(&err, EPERM, "second, after %s", err.text);
	cr_assert_str_eq(err.text, "second, after first");
	(void)error_errno(&err, ENOENT, "%s", err.text);
	cr_assert_str_eq(err.text, "second, after first: No such file or directory");
	(void)error_prefix(&err, "%.6s", err.text);
	cr_assert_str_eq(err.text, "second: second, after first: No such file or directory");
}

/* What strangers wrote is quoted in errors, and errors are shown on terminals and put in logs. */
Test(error, is_one_clean_line)
{
	static const struct {
		const char *text, *wanted;
	} cases[] = {
		{"a\nb\rc\td", "a b c d"},
		{"\x1b[31mred\x07\x7f", "?[31mred??"},
		{"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80", "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80"},
		{"\xff|\xc3|\xe2\x82|\xed\xa0\x80|", "?|?|??|???|"},
		{"\xc2\x9b" "31m\xc2\xa0", "?31m\xc2\xa0"},
		{"cut \xf0\x9f\x98", "cut ???"},
	};
	struct error err = {0};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		(void)error_set(&err, EINVAL, "%s", cases[i].text);
		cr_assert_str_eq(err.text, cases[i].wanted);
	}
}
