/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <string.h>
#include <time.h>

#include "lib/base/json.h"

static struct json_doc *parsed(const char *text)
{
	struct json_doc *doc = NULL;
	struct error err = {0};

	cr_assert_eq(json_parse("test", text, strlen(text), &doc, &err), 0, "%s: %s", text, err.text);
	return doc;
}

Test(json, what_is_accepted_is_written_as_it_was)
{
	static const char *const table[] = {
		"null", "true", "0", "-0", "\"\"", "[]", "{}", "[[[]]]", "{\"a\":{\"b\":[1,2,{\"c\":null}]}}",
		"[18446744073709551615,-9223372036854775808,1e400,1.50,0.1E+2,123456789012345678901234567890]",
		"[\"\\n\\t\\\"\\\\\",\"\xc3\xa9\",\"\xf0\x9f\x98\x80\"]", "{\"\":1,\" \":2}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		_cleanup_json_ struct json_doc *doc = parsed(table[i]);
		_cleanup_free_ char *text = NULL;
		size_t length;

		cr_assert_eq(json_write(json_root(doc), false, &text, &length, NULL), 0);
		cr_expect_eq(length, strlen(table[i]) + 1);
		cr_expect_eq(strncmp(text, table[i], length - 1), 0, "%s became %s", table[i], text);
		cr_expect_eq(text[length - 1], '\n');
	}
}

Test(json, what_runtimes_read_differently_is_refused_with_its_place)
{
	static const struct {
		const char *text, *place, *what;
	} table[] = {
		{"{\"seccomp\":{},\n \"seccomp\":null}", "line 2, column 2", "twice"},
		{"{\"seccomp\":{},\"Seccomp\":null}", "line 1, column 15", "case"},
		{"{\"a\":{\"x\":1,\"y\":2,\"X\":3}}", "line 1, column 19", "case"},
		{"[1] x", "line 1", "trailing"}, {"{}{}", "line 1", "trailing"},
		{"// comment\n1", "line 1, column 1", "comment"}, {"[1,/* x */2]", "line 1", "comment"},
		{"{\"a\":\"/ok\\u0000/../evil\"}", "line 1, column 10", "NUL"},
		{"{\"a\\u0000\":1}", "line 1", "NUL"},
		{"[\"\\ud800\"]", "line 1, column 3", "surrogate"}, {"[\"\\udc00\"]", "line 1", "surrogate"},
		{"[\"\\ud800\\u0041\"]", "line 1", "surrogate"}, {"[\"\\ud800x\"]", "line 1", "surrogate"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct json_doc *doc = NULL;
		struct error err = {0};
		int r = json_parse("file.json", table[i].text, strlen(table[i].text), &doc, &err);

		cr_expect_eq(r, -EINVAL, "%s", table[i].text);
		cr_expect_null(doc);
		cr_expect(strstr(err.text, table[i].place) && strstr(err.text, table[i].what) && strstr(err.text, "file.json"),
			  "%s: %s", table[i].text, err.text);
	}
}

Test(json, what_is_no_json_is_refused)
{
	static const char *const table[] = {
		"", " ", "{", "[", "\"", "[1,]", "{\"a\"}", "{\"a\":}", "{a:1}", "{'a':1}", "[01]", "[+1]", "[.5]", "[1.]",
		"[1e]", "[-]", "[NaN]", "[Infinity]", "[tru]", "nul", "[\"\x01\"]", "[\"\n\"]", "[\"\\x41\"]", "[\"\\u12\"]",
		"\xef\xbb\xbf{}", "[\"\xff\"]", "[\"\xc3\"]", "[\"\xc0\x80\"]", "[\"\xed\xa0\x80\"]", "[1 2]", "]", "}", "[}",
		"{\"a\":1,}", ",", ":",
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct json_doc *doc = NULL;
		struct error err = {0};

		cr_expect_eq(json_parse("t", table[i], strlen(table[i]), &doc, &err), -EINVAL, "accepted: %s", table[i]);
		cr_expect(strstr(err.text, "line"), "%s", err.text);
	}
	cr_expect_lt(json_parse("t", "[1]\0", 4, &(struct json_doc *){NULL}, NULL), 0, "a NUL byte after the document");
}

static uint64_t now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

Test(json, size_and_depth_are_capped_and_hostile_text_takes_no_time, .timeout = 20)
{
	size_t length = JSON_MAX_BYTES;
	_cleanup_free_ char *text = malloc(length + 2);
	struct json_doc *doc = NULL;
	uint64_t start = now_ns();

	memset(text, '[', length + 1);
	cr_expect_eq(json_parse("t", text, length, &doc, NULL), -E2BIG);
	cr_expect_eq(json_parse("t", text, length + 1, &doc, NULL), -EFBIG);
	/* As deep as may be. */
	memset(text + JSON_MAX_DEPTH, ']', JSON_MAX_DEPTH);
	cr_expect_eq(json_parse("t", text, 2 * JSON_MAX_DEPTH, &doc, NULL), 0);
	json_doc_free(doc);
	doc = NULL;
	/* A hundred thousand keys, the last of which is there twice. */
	length = 1;
	text[0] = '{';
	for (unsigned i = 0; i < 80000; i++)
		length += (size_t)sprintf(text + length, "\"k%05u\":1,", i);
	length += (size_t)sprintf(text + length, "\"K79999\":1}");
	cr_expect_eq(json_parse("t", text, length, &doc, NULL), -EINVAL);
	cr_expect_null(doc);
	cr_expect_lt(now_ns() - start, UINT64_C(5000000000));
}

Test(json, integers_are_integers)
{
	static const struct {
		const char *text;
		int as_int, as_uint;
	} table[] = {
		{"0", 0, 0}, {"-1", 0, -ERANGE}, {"9223372036854775807", 0, 0}, {"9223372036854775808", -ERANGE, 0},
		{"18446744073709551615", -ERANGE, 0}, {"18446744073709551616", -ERANGE, -ERANGE}, {"1.0", -EINVAL, -EINVAL},
		{"1e3", -EINVAL, -EINVAL}, {"\"1\"", -EINVAL, -EINVAL}, {"null", -EINVAL, -EINVAL}, {"true", -EINVAL, -EINVAL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		_cleanup_json_ struct json_doc *doc = parsed(table[i].text);
		int64_t n = 7;
		uint64_t u = 7;

		cr_expect_eq(json_int64(json_root(doc), &n, NULL), table[i].as_int, "%s", table[i].text);
		cr_expect_eq(json_uint64(json_root(doc), &u, NULL), table[i].as_uint, "%s", table[i].text);
		cr_expect(table[i].as_uint == 0 || u == 7, "an output was touched");
	}
}

Test(json, errors_name_the_path)
{
	_cleanup_json_ struct json_doc *doc = parsed("{\n \"linux\": {\"resources\":\n  {\"pids\": {\"limit\": \"x\"}}},\"a\":[0,1.5]}");
	struct error err = {0};
	int64_t n;

	cr_expect_eq(json_int64(json_find(json_root(doc), "linux.resources.pids.limit"), &n, &err), -EINVAL);
	cr_expect(strstr(err.text, "linux.resources.pids.limit (line 3, column 13)"), "%s", err.text);
	cr_expect_eq(json_int64(json_get(json_root(doc), "a")->last, &n, &err), -EINVAL);
	cr_expect(strstr(err.text, "a[1]"), "%s", err.text);
}

static void expect_text(struct json *node, const char *wanted)
{
	_cleanup_free_ char *text = NULL;
	size_t length;

	cr_assert_eq(json_write(node, false, &text, &length, NULL), 0);
	text[length - 1] = '\0';
	cr_expect_str_eq(text, wanted);
}

Test(json, editing)
{
	_cleanup_json_ struct json_doc *doc = parsed("{\"a\":1,\"b\":2,\"c\":3}");
	struct json *root = json_root(doc);

	cr_expect_eq(json_set(doc, root, "b", json_new_string(doc, "x")), 0);
	expect_text(root, "{\"a\":1,\"b\":\"x\",\"c\":3}");
	json_remove(json_get(root, "a"));
	json_remove(json_get(root, "c"));
	cr_expect_eq(json_set(doc, root, "d", json_new_uint64(doc, UINT64_MAX)), 0);
	expect_text(root, "{\"b\":\"x\",\"d\":18446744073709551615}");
	cr_expect_eq(json_append(json_ensure_object(doc, root, "o"), NULL), -ENOMEM);
	cr_expect_null(json_ensure_object(doc, root, "b"), "a string is in the way");
	cr_expect_eq(json_set(doc, json_ensure_object(doc, root, "o"), "n", json_copy(doc, root)), 0);
	expect_text(json_get(root, "o"), "{\"n\":{\"b\":\"x\",\"d\":18446744073709551615,\"o\":{}}}");
	cr_expect_null(json_get(json_get(json_get(NULL, "x"), "y"), "z"));
	cr_expect_eq(json_set(doc, root, "e", NULL), -ENOMEM);
}
