/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TOML as people write it, and as it must not be taken for something that it is not. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/toml.h"

static struct toml *parsed(const char *text)
{
	struct toml *toml = NULL;
	struct error err = {0};

	cr_assert_eq(toml_parse("test", text, strlen(text), &toml, &err), 0, "%s: %s", text, err.text);
	return toml;
}

static void expect_value(const struct toml *toml, const char *path, const char *wanted)
{
	const struct toml_item *pair = toml_find(toml, TOML_PAIR, path);
	int length;

	cr_assert_not_null(pair, "%s is not there", path);
	length = (int)(pair->value_end - pair->value);
	cr_expect(strncmp(toml->text + pair->value, wanted, (size_t)length) == 0 && strlen(wanted) == (size_t)length,
		  "%s is %.*s, not %s", path, length, toml->text + pair->value, wanted);
}

Test(toml, values_stay_as_they_are_written)
{
	static const char text[] =
		"version = 2 # comment\r\n"
		"a.b . \"c d\" = 'x # no comment'\n"
		"\n"
		"  [plugins.'io.x.v1'.\"name\"]\n"
		"\tlist = [ \"a]\", # one ]\n  'b', [1, {x = \"}\"}],\n] # end\n"
		"inline = {a = 1, b = [2, \"}\"], c = {}}\n"
		"long = \"\"\"\n a \\\"\"\" b\n\"\"\"\"\"\n"
		"raw = '''it's # \\'''\n"
		"date = 2026-11-25 10:00:00Z\n"
		"f = -1.5e+3\n"
		"t=true\n"
		"[[many]]\nx = 1\n[many.sub]\ny = 2\n[[many]]\nx = 3\n[many.sub]\ny = 4\n[[many.deep]]\nz = 5";
	struct toml *toml = parsed(text);

	expect_value(toml, "version", "2");
	expect_value(toml, "a.b.\"c d\"", "'x # no comment'");
	expect_value(toml, "plugins.\"io.x.v1\".name.list", "[ \"a]\", # one ]\n  'b', [1, {x = \"}\"}],\n]");
	expect_value(toml, "plugins.\"io.x.v1\".name.inline", "{a = 1, b = [2, \"}\"], c = {}}");
	expect_value(toml, "plugins.\"io.x.v1\".name.long", "\"\"\"\n a \\\"\"\" b\n\"\"\"\"\"");
	expect_value(toml, "plugins.\"io.x.v1\".name.raw", "'''it's # \\'''");
	expect_value(toml, "plugins.\"io.x.v1\".name.date", "2026-11-25 10:00:00Z");
	expect_value(toml, "plugins.\"io.x.v1\".name.f", "-1.5e+3");
	expect_value(toml, "plugins.\"io.x.v1\".name.t", "true");
	expect_value(toml, "many[0].x", "1");
	expect_value(toml, "many[0].sub.y", "2");
	expect_value(toml, "many[1].x", "3");
	expect_value(toml, "many[1].sub.y", "4");
	expect_value(toml, "many[1].deep[0].z", "5");
	cr_expect(toml_has(toml, "plugins.\"io.x.v1\""));
	cr_expect_not(toml_has(toml, "plugins.\"io.x.v\""));
	cr_expect_null(toml_find(toml, TOML_PAIR, "plugins"));
	cr_expect_eq(toml_find(toml, TOML_TABLE, "plugins.\"io.x.v1\".name")->line, 4u);
	toml_free(toml);
}

/* The lines of the items, one behind the other, with what is between them, are the text. */
Test(toml, items_have_their_whole_lines)
{
	static const char text[] = "# top\na = 1 # one\n\n  [t] # table\n  b = [\n 1 ]\nc = 2";
	struct toml *toml = parsed(text);
	static const char *const lines[] = {"a = 1 # one\n", "  [t] # table\n", "  b = [\n 1 ]\n", "c = 2"};

	cr_assert_eq(toml->count, 4u);
	for (size_t i = 0; i < toml->count; i++)
		cr_expect_eq(strncmp(text + toml->items[i].start, lines[i], toml->items[i].end - toml->items[i].start),
			     0, "%zu", i);
	cr_expect_eq(toml->items[3].end, strlen(text));
	toml_free(toml);
}

Test(toml, what_is_none_is_refused_with_its_line)
{
	static const struct {
		const char *text, *error;
	} rows[] = {
		{"a = 1\nb\n", "line 2: not valid TOML: a key without"},
		{"a = \n", "line 1: not valid TOML: a value is missing"},
		{"a = 1 2\n", "line 1: not valid TOML: something comes after"},
		{"a = \"x\n", "line 1: not valid TOML: a string does not end"},
		{"a = 'x", "line 1: not valid TOML: a string does not end"},
		{"\na = \"\"\"x\n\n", "line 2: not valid TOML: a string in three quotes"},
		{"a = [1,\n2\n", "line 1: not valid TOML: an array or inline table has no end"},
		{"a = [1}\n", "line 1: not valid TOML: brackets do not match"},
		{"a = [1]]\n", "line 1: not valid TOML: something comes after"},
		{"[a\nb = 1\n", "line 1: not valid TOML: the name of a table"},
		{"[[a]\n", "line 1: not valid TOML: the name of a table"},
		{"[]\n", "line 1: not valid TOML, or not understood: no key"},
		{"[a] x = 1\n", "line 1: not valid TOML: something comes after"},
		{"a..b = 1\n", "line 1: not valid TOML, or not understood: no key"},
		{"= 1\n", "line 1: not valid TOML, or not understood: no key"},
		{"{\"json\": 1}\n", "line 1: not valid TOML, or not understood: no key"},
		{"\"a\\u0041\" = 1\n", "line 1: not understood: a key with a quote or a backslash"},
		{"a = x\"y\n", "line 1: not valid TOML: a value is none"},
		{"a = 1\nb = \"\xff\"\n", "line 2: bytes that are not valid UTF-8"},
		{"a = \"\x01\"\n", "line 1: a control character"},
		{"a = 1\rb = 2\n", "line 1: a carriage return without"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct toml *toml = NULL;
		struct error err = {0};

		cr_expect_eq(toml_parse("test", rows[i].text, strlen(rows[i].text), &toml, &err), -EINVAL, "%s",
			     rows[i].text);
		cr_expect_not_null(strstr(err.text, rows[i].error), "%s: it is \"%s\"", rows[i].text, err.text);
		cr_expect_null(toml);
	}
}

Test(toml, what_is_too_much_is_refused)
{
	char text[4096];
	struct toml *toml = NULL;
	struct error err = {0};

	(void)snprintf(text, sizeof text, "%0600d = 1\n", 0);
	cr_expect_eq(toml_parse("test", text, strlen(text), &toml, &err), -E2BIG);
	memset(text, '[', 200);
	memcpy(text, "a = ", 4);
	cr_expect_eq(toml_parse("test", text, 200, &toml, &err), -EINVAL);
	cr_expect_not_null(strstr(err.text, "nested too deep"), "%s", err.text);
	cr_expect_eq(toml_parse("test", "a = \"\0\"\n", 9, &toml, &err), -EINVAL);
	cr_expect_null(toml);
}

Test(toml, strings)
{
	struct toml *toml =
		parsed("a = \"x \\\"y\\\\\" # c\nb = 'c:\\d'\nc = \"\"\nd = \"\\u0041\"\ne = '''x'''\nf = 1\n"
		       "g = [ 'a', # one\n \"b\" , ]\nh = []\ni = ['a', 1]\nj = [{append = true}]\n");
	static const struct {
		const char *path, *value;
	} rows[] = {{"a", "x \"y\\"}, {"b", "c:\\d"}, {"c", ""},   {"d", NULL},
		    {"e", NULL},      {"f", NULL},    {"g", NULL}, {"none", NULL}};
	char **strings;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *value = toml_string(toml, toml_find(toml, TOML_PAIR, rows[i].path));

		if (rows[i].value)
			cr_expect_str_eq(value, rows[i].value);
		else
			cr_expect_null(value, "%s", rows[i].path);
		free(value);
	}
	strings = toml_strings(toml, toml_find(toml, TOML_PAIR, "g"));
	cr_assert_not_null(strings);
	cr_expect_str_eq(strings[0], "a");
	cr_expect_str_eq(strings[1], "b");
	cr_expect_null(strings[2]);
	toml_strings_free(strings);
	strings = toml_strings(toml, toml_find(toml, TOML_PAIR, "h"));
	cr_assert_not_null(strings);
	cr_expect_null(strings[0]);
	toml_strings_free(strings);
	cr_expect_null(toml_strings(toml, toml_find(toml, TOML_PAIR, "i")));
	cr_expect_null(toml_strings(toml, toml_find(toml, TOML_PAIR, "j")));
	cr_expect_null(toml_strings(toml, toml_find(toml, TOML_PAIR, "a")));
	toml_free(toml);
}

Test(toml, quoted_text_reads_as_it_was)
{
	static const char *const rows[] = {"", "/usr/bin/stint", "a \"b\" \\c", "é"};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *quoted = toml_quote(rows[i]), *value, text[64];
		struct toml *toml;

		(void)snprintf(text, sizeof text, "a = %s\n", quoted);
		toml = parsed(text);
		value = toml_string(toml, toml_find(toml, TOML_PAIR, "a"));
		cr_expect_str_eq(value, rows[i]);
		free(value);
		free(quoted);
		toml_free(toml);
	}
	cr_expect_null(toml_quote("a\nb"));
}
