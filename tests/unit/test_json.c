/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is accepted as JSON and what is not, and that a tree survives editing and writing. */
#include <criterion/criterion.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "lib/base/json.h"

static struct json_doc *parsed(const char *text)
{
	struct json_doc *doc = NULL;
	struct error err = {0};
	int r = json_parse("t", text, strlen(text), &doc, &err);

	cr_assert_eq(r, 0, "%s: %s", text, err.text);
	return doc;
}

static void written_is(const struct json *node, const char *wanted)
{
	_cleanup_free_ char *text = NULL;
	struct error err = {0};
	size_t length = 0;

	cr_assert_eq(json_write(node, false, &text, &length, &err), 0, "%s", err.text);
	cr_assert_eq(length, strlen(text));
	cr_assert_eq(text[length - 1], '\n', "%s", text);
	text[length - 1] = '\0';
	cr_assert_str_eq(text, wanted);
}

/* Refused with `code`, at this place, with these words; and the output is left alone. */
static void refused(const char *text, size_t length, int code, const char *words)
{
	struct json_doc *untouched = (struct json_doc *)&code, *doc = untouched;
	struct error err = {0};
	int r = json_parse("t", text, length, &doc, &err);

	cr_assert_eq(r, -code, "%.*s: %d %s", (int)(length < 60 ? length : 60), text, r, err.text);
	cr_assert_eq(doc, untouched);
	cr_assert_eq(err.code, code);
	cr_assert_not_null(strstr(err.text, words), "\"%s\" is not in \"%s\"", words, err.text);
	cr_assert_null(strchr(err.text, '\n'), "%s", err.text);
	cr_assert_eq(json_parse("t", text, length, &doc, NULL), -code);
}

#define REFUSED(literal, words) refused(literal, sizeof(literal) - 1, EINVAL, words)

Test(json, accepts_and_keeps)
{
	static const struct {
		const char *text, *wanted;
	} cases[] = {
		{"{}", "{}"},
		{" [ ] \r\n\t", "[]"},
		{"null", "null"},
		{"true", "true"},
		{"\"x\"", "\"x\""},
		{"0", "0"},
		{"[-0,1E5,1.50,18446744073709551615,-9223372036854775808]",
		 "[-0,1E5,1.50,18446744073709551615,-9223372036854775808]"},
		{"123456789012345678901234567890.000e-7", "123456789012345678901234567890.000e-7"},
		{"{\"b\":1,\"a\":{\"b\":2},\"\":[[],{}]}", "{\"b\":1,\"a\":{\"b\":2},\"\":[[],{}]}"},
		{"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u001f\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u001F\""},
		{"\"\\u00e4\\ud83d\\ude00\"", "\"\xc3\xa4\xf0\x9f\x98\x80\""},
		{"\"\xc3\xa4\xef\xbf\xbf\xf4\x8f\xbf\xbf\x7f\"", "\"\xc3\xa4\xef\xbf\xbf\xf4\x8f\xbf\xbf\x7f\""},
		{"\"\\\\u0000 \\\\ud800\"", "\"\\\\u0000 \\\\ud800\""},
		{"{\"\xc3\x84\":1,\"\xc3\xa4\":2}", "{\"\xc3\x84\":1,\"\xc3\xa4\":2}"},
		{"[{\"a\":1},{\"a\":1}]", "[{\"a\":1},{\"a\":1}]"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_json_ struct json_doc *doc = parsed(cases[i].text);

		written_is(json_root(doc), cases[i].wanted);
	}
}

Test(json, refuses_what_is_no_json)
{
	static const char *const cases[] = {
		"", " ", "{", "[", "[1", "[1,", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\" 1}",
		"{a:1}", "{'a':1}", "{1:2}", "[1 2]", "[\"a\"\"b\"]", "01", "-01", "+1", "-", "1.", ".5", "1e", "1e+",
		"0x1", "NaN", "Infinity", "-Infinity", "tru", "nulll", "True", "\"a", "\"", "\"\\\"", "\"\\x41\"",
		"\"\\u12\"", "\"\\u00g0\"", "\"\n\"", "\"\t\"", "\"\x1f\"", "\\u0041", "{}//", "/**/{}",
		"{/**/}", "# x\n{}",
		"\v{}", "\f{}", "{\v}", "\xc2\xa0{}", "\xe2\x80\xa8{}", "[1]]", "}", "]", "[}", "{]", ":", ",",
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		refused(cases[i], strlen(cases[i]), EINVAL, "read t, line ");
}

/* yajl itself takes a token that is not finished for the end of the text. */
Test(json, refuses_all_after_the_document)
{
	static const char *const documents[] = {"{}", "[1]", "\"x\"", "true", "1"};
	static const char *const after[] = {"{}", " {}", "x", " x", "\"", " \"abc", "\"\\", ",", ":", " t",
		" -", "]", "//", "\n1"};

	for (size_t i = 0; i < ARRAY_SIZE(documents); i++)
		for (size_t j = 0; j < ARRAY_SIZE(after); j++) {
			char text[32];

			(void)snprintf(text, sizeof text, "%s%s", documents[i], after[j]);
			refused(text, strlen(text), EINVAL, "read t, line ");
		}
	REFUSED("{}\0", "NUL");
	REFUSED("{} \n\0\0\0", "line 2, column 1");
}

Test(json, refuses_duplicate_keys_as_any_runtime_sees_them)
{
	REFUSED("{\"a\":1,\n \"a\":2}", "line 2, column 2: the key \"a\"");
	REFUSED("{\"a\":1,\"b\":2,\"A\":3}", "line 1, column 14: the key \"A\"");
	REFUSED("{\"\":1,\"\":2}", "the key \"\"");
	REFUSED("{\"linux\":{\"seccomp\":{},\"seccomp\":null}}", "the key \"seccomp\"");
	REFUSED("{\"linux\":{\"seccomp\":null,\"SECCOMP\":{}}}", "the key \"SECCOMP\"");
	REFUSED("{\"\\u0061\":1,\"a\":2}", "the key \"a\"");
	/* Go folds the long s and the Kelvin sign into ASCII. */
	REFUSED("{\"seccomp\":1,\"\\u017feccomp\":2}", "the key \"\xc5\xbf" "eccomp\"");
	REFUSED("{\"\xe2\x84\xaa\":1,\"k\":2}", "the key \"k\"");
	REFUSED("[{},{\"x\":[{\"a\":1,\"a\":1}]}]", "the key \"a\"");
}

/* More members than are compared each with each. */
Test(json, refuses_duplicate_keys_among_many)
{
	for (unsigned twin = 0; twin < 40; twin++) {
		char text[2048] = "{";

		for (unsigned i = 0; i < 40; i++)
			(void)snprintf(text + strlen(text), sizeof text - strlen(text), "%s\n\"key%02u\":%u",
				i ? "," : "", i, i);
		(void)snprintf(text + strlen(text), sizeof text - strlen(text), ",\n\"KEY%02u\":0}", twin);
		refused(text, strlen(text), EINVAL, "line 42, column 1: the key \"KEY");
	}
}

Test(json, refuses_nul_surrogates_and_bad_utf8)
{
	REFUSED("\"\\u0000\"", "line 1, column 2: a NUL character");
	REFUSED("{\"/ok\\u0000/../evil\":1}", "NUL character");
	REFUSED("[1\0]", "column 3: a NUL byte");
	REFUSED("\"\0\"", "NUL byte");
	REFUSED("[\"\",\n\"\\ud800\"]", "line 2, column 2: half of a surrogate pair");
	REFUSED("\"\\udc00\"", "surrogate");
	REFUSED("\"\\udbff\\u0041\"", "surrogate");
	REFUSED("\"\\ud83d\\\\ude00\"", "surrogate");
	REFUSED("\"\\ud83d\\ud83d\\ude00\"", "surrogate");
	REFUSED("\"\\ud83d\"", "surrogate");
	REFUSED("\"\\\\\\u0000\"", "NUL character");
	REFUSED("\"\xff\"", "column 2: bytes that are not valid UTF-8");
	REFUSED("\"\x80\"", "UTF-8");
	REFUSED("\"\xc0\xaf\"", "UTF-8");
	REFUSED("\"\xc1\xbf\"", "UTF-8");
	REFUSED("\"\xe0\x80\xaf\"", "UTF-8");
	REFUSED("\"\xed\xa0\x80\"", "UTF-8");
	REFUSED("\"\xf0\x80\x80\xaf\"", "UTF-8");
	REFUSED("\"\xf4\x90\x80\x80\"", "UTF-8");
	REFUSED("\"\xf5\x80\x80\x80\"", "UTF-8");
	REFUSED("\"\xe2\x82\"", "UTF-8");
	REFUSED("\"\xe2\x82", "UTF-8");
	REFUSED("\"\xc3\\\"", "UTF-8");
	REFUSED("\xef\xbb\xbf{}", "byte order mark");
}

Test(json, errors_name_the_place_in_characters)
{
	REFUSED("{\"a\": x}", "line 1, column 7: not valid JSON");
	REFUSED("{\n\t\"\xc3\xa4\xc3\xa4\": x}", "line 2, column 8: not valid JSON");
	REFUSED("[1,\r\n2\r\n", "line 3, column 1: not valid JSON: premature EOF");
	REFUSED("{\n} x", "line 2, column 3: not valid JSON");
	REFUSED("{\n} \"", "line 2, column 3: not valid JSON");
}

static char *hostile(const char *begin, const char *repeated, const char *end, size_t size)
{
	char *text = malloc(size + 1), *to = text;

	cr_assert_not_null(text);
	to = stpcpy(to, begin);
	while ((size_t)(to - text) + strlen(repeated) + strlen(end) <= size)
		to = stpcpy(to, repeated);
	(void)stpcpy(to, end);
	return text;
}

static double seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static long peak_rss_kb(void)
{
	struct rusage usage;

	(void)getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

/* T11: none of these may take long, or more than 32 MB. */
Test(json, holds_its_caps)
{
	long before = peak_rss_kb();
	double start = seconds();
	static const struct {
		const char *begin, *repeated, *end;
		size_t size;
		int code;
	} cases[] = {
		{"", "[", "", 1000000, E2BIG},
		{"", "{\"a\":", "", 1000000, E2BIG},
		{"", "[", "", 2000000, EFBIG},
		{"[", "0,", "0]", JSON_MAX_BYTES, E2BIG},
		{"[", "[],", "0]", JSON_MAX_BYTES, E2BIG},
		{"{", "\"\":0,", "\"\":0}", JSON_MAX_BYTES, E2BIG},
		{"{", "\"aaaaaaaaaaaa\":0,", "\"\":0}", JSON_MAX_BYTES, EINVAL},
		{"\"", "\\ud83d\\ude00", "", JSON_MAX_BYTES, EINVAL},
		{"", "1", "", JSON_MAX_BYTES, 0},
		{"\"", "\\n", "\"", JSON_MAX_BYTES, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *text = hostile(cases[i].begin, cases[i].repeated, cases[i].end, cases[i].size);
		_cleanup_json_ struct json_doc *doc = NULL;
		int r = json_parse("t", text, strlen(text), &doc, NULL);

		cr_assert_eq(r, -cases[i].code, "case %zu: %d", i, r);
	}
	cr_assert_lt(seconds() - start, 20.0); /* half a second, where nothing is instrumented */
#ifndef __SANITIZE_ADDRESS__
	cr_assert_lt(peak_rss_kb() - before, 32 << 10);
#endif
	(void)before;
}

Test(json, refuses_by_size_without_a_look)
{
	char one = '[';
	struct json_doc *doc = NULL;

	cr_assert_eq(json_parse("t", &one, 100u << 20, &doc, NULL), -EFBIG); /* nothing else is there */
}

Test(json, depth_is_counted_exactly)
{
	char text[2 * (JSON_MAX_DEPTH + 1) + 1];

	for (int extra = 0; extra <= 1; extra++) {
		size_t depth = (size_t)(JSON_MAX_DEPTH + extra);
		_cleanup_json_ struct json_doc *doc = NULL;
		_cleanup_free_ char *written = NULL;
		size_t length;

		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		cr_assert_eq(json_parse("t", text, 2 * depth, &doc, NULL), extra ? -E2BIG : 0);
		if (!extra)
			cr_assert_eq(json_write(json_root(doc), true, &written, &length, NULL), 0);
	}
}

Test(json, hundred_thousand_keys_are_not_quadratic)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	_cleanup_free_ char *text = malloc(JSON_MAX_BYTES);
	char *to = text;
	struct error err = {0};
	double start;

	*to++ = '{';
	for (unsigned i = 0; i < 90000; i++)
		to += sprintf(to, "%s\"%x\":0", i ? "," : "", i * 7u);
	*to++ = '}';
	start = seconds();
	cr_assert_eq(json_parse("t", text, (size_t)(to - text), &doc, &err), 0, "%s", err.text);
	cr_assert_lt(seconds() - start, 5.0); /* 50 ms; each with each would be minutes */
	cr_assert_not_null(json_get(json_root(doc), "99ce9"));
	memcpy(to - 1, ",\"99CE9\":1}", 11);
	refused(text, (size_t)(to - text) + 10, EINVAL, "the key \"99CE9\"");
}

Test(json, finds)
{
	_cleanup_json_ struct json_doc *doc = parsed("{\"linux\":{\"a.b\":0,\"resources\":{\"memory\":{\"limit\":64}}},"
						     "\"s\":\"text\",\"n\":null,\"Hooks\":{},\"list\":[1,2]}");
	const struct json *root = json_root(doc);
	char where[256];

	cr_assert_str_eq(json_find(root, "linux.resources.memory.limit")->text, "64");
	cr_assert_null(json_find(root, "linux.resources.memory.limit.more"));
	cr_assert_null(json_find(root, "linux.resource"));
	cr_assert_null(json_find(root, "linux.resourcess"));
	cr_assert_null(json_find(NULL, "a"));
	cr_assert_null(json_get(NULL, "a"));
	cr_assert_null(json_get(json_get(root, "s"), "a"));
	cr_assert_null(json_get(json_get(root, "list"), "a"));
	cr_assert_str_eq(json_string(json_get(root, "s")), "text");
	cr_assert_null(json_string(json_get(root, "n")));
	cr_assert_null(json_string(NULL));
	cr_assert(json_is(json_get(root, "n"), JSON_NULL));
	cr_assert_not(json_is(NULL, JSON_NULL));
	cr_assert_null(json_get(root, "hooks"));
	cr_assert_str_eq(json_where(json_find(root, "linux.resources.memory.limit"), where),
			 "linux.resources.memory.limit (line 1, column 42)");
	cr_assert_str_eq(json_where(json_get(root, "list")->last, where), "list[1] (line 1, column 97)");
	cr_assert_str_eq(json_where(root, where), "the document (line 1, column 1)");
}

Test(json, integers_are_strict)
{
	static const struct {
		const char *text;
		int is_int64, is_uint64;
		int64_t signed_value;
		uint64_t unsigned_value;
	} cases[] = {
		{"0", 0, 0, 0, 0},
		{"-1", 0, -ERANGE, -1, 7},
		{"-0", 0, -ERANGE, 0, 7},
		{"9223372036854775807", 0, 0, INT64_MAX, INT64_MAX},
		{"-9223372036854775808", 0, -ERANGE, INT64_MIN, 7},
		{"9223372036854775808", -ERANGE, 0, 7, UINT64_C(1) << 63},
		{"-9223372036854775809", -ERANGE, -ERANGE, 7, 7},
		{"18446744073709551615", -ERANGE, 0, 7, UINT64_MAX},
		{"18446744073709551616", -ERANGE, -ERANGE, 7, 7},
		{"99999999999999999999999999999999", -ERANGE, -ERANGE, 7, 7},
		{"1.0", -EINVAL, -EINVAL, 7, 7},
		{"1e3", -EINVAL, -EINVAL, 7, 7},
		{"\"1\"", -EINVAL, -EINVAL, 7, 7},
		{"true", -EINVAL, -EINVAL, 7, 7},
		{"null", -EINVAL, -EINVAL, 7, 7},
		{"[1]", -EINVAL, -EINVAL, 7, 7},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_json_ struct json_doc *doc = parsed(cases[i].text);
		struct error err = {0};
		int64_t s = 7;
		uint64_t u = 7;

		cr_assert_eq(json_int64(json_root(doc), &s, &err), cases[i].is_int64, "%s", cases[i].text);
		cr_assert_eq(json_uint64(json_root(doc), &u, &err), cases[i].is_uint64, "%s", cases[i].text);
		cr_assert_eq(s, cases[i].signed_value, "%s", cases[i].text);
		cr_assert_eq(u, cases[i].unsigned_value, "%s", cases[i].text);
	}
	cr_assert_eq(json_int64(NULL, &(int64_t){0}, NULL), -EINVAL);
}

Test(json, integer_errors_name_path_and_place)
{
	_cleanup_json_ struct json_doc *doc = parsed("{\"a\":[0,\n {\"limit\": 1.5}]}");
	struct error err = {0};
	uint64_t value;

	cr_assert_eq(json_uint64(json_get(json_root(doc), "a")->last->first, &value, &err), -EINVAL);
	cr_assert_str_eq(err.text, "a[1].limit (line 2, column 3): a whole number is wanted, not 1.5");
}

Test(json, sets_appends_and_removes)
{
	_cleanup_json_ struct json_doc *doc = parsed("{\"a\":1,\"b\":{\"x\":[1,2,3]},\"c\":3}");
	struct json *root = json_root(doc), *b = json_get(root, "b"), *c = json_get(root, "c");

	cr_assert_eq(json_set(doc, root, "a", json_new_string(doc, "\"new\"\n")), 0);
	written_is(root, "{\"a\":\"\\\"new\\\"\\n\",\"b\":{\"x\":[1,2,3]},\"c\":3}");
	cr_assert_eq(json_set(doc, root, "c", json_new_uint64(doc, UINT64_MAX)), 0);
	cr_assert_eq(json_set(doc, root, "d", json_new_int64(doc, INT64_MIN)), 0);
	cr_assert_eq(json_set(doc, root, "e", json_new_bool(doc, true)), 0);
	written_is(c, "3"); /* a replaced node is still good */
	json_remove(json_get(b, "x")->first->next);
	json_remove(json_get(root, "a"));
	json_remove(json_get(root, "e"));
	json_remove(NULL);
	written_is(root, "{\"b\":{\"x\":[1,3]},\"c\":18446744073709551615,\"d\":-9223372036854775808}");
	cr_assert_eq(json_append(json_get(b, "x"), json_new(doc, JSON_ARRAY)), 0);
	json_remove(b);
	cr_assert_eq(json_append(json_get(b, "x"), b), 0, "a member may become an element");
	json_remove(b);
	cr_assert_eq(json_set(doc, root, "z", b), 0);
	written_is(root, "{\"c\":18446744073709551615,\"d\":-9223372036854775808,\"z\":{\"x\":[1,3,[]]}}");
}

Test(json, last_is_kept_right)
{
	_cleanup_json_ struct json_doc *doc = parsed("[1,2]");
	struct json *root = json_root(doc);

	json_remove(root->last);
	json_remove(root->last);
	cr_assert_null(root->first);
	cr_assert_eq(json_append(root, json_new_uint64(doc, 3)), 0);
	cr_assert_eq(json_append(root, json_new(doc, JSON_NULL)), 0);
	written_is(root, "[3,null]");
}

Test(json, setters_take_what_is_missing)
{
	_cleanup_json_ struct json_doc *doc = parsed("{\"o\":{},\"n\":null,\"s\":\"\",\"l\":[]}");
	struct json *root = json_root(doc), *made;

	cr_assert_eq(json_set(doc, NULL, "a", json_new(doc, JSON_NULL)), -ENOMEM);
	cr_assert_eq(json_set(doc, root, "a", NULL), -ENOMEM);
	cr_assert_eq(json_append(NULL, json_new(doc, JSON_NULL)), -ENOMEM);
	cr_assert_eq(json_append(json_get(root, "l"), NULL), -ENOMEM);
	cr_assert_eq(json_set(doc, json_get(root, "l"), "a", json_new(doc, JSON_NULL)), -EINVAL);
	cr_assert_eq(json_append(root, json_new(doc, JSON_NULL)), -EINVAL);
	cr_assert_null(json_new_string(doc, NULL));
	cr_assert_eq(json_ensure_object(doc, root, "o"), json_get(root, "o"));
	made = json_ensure_object(doc, root, "n");
	cr_assert_eq(json_set(doc, made, "x", json_new_uint64(doc, 1)), 0);
	cr_assert_not_null(json_ensure_object(doc, root, "new"));
	cr_assert_null(json_ensure_object(doc, root, "s"));
	cr_assert_null(json_ensure_object(doc, root, "l"));
	written_is(root, "{\"o\":{},\"n\":{\"x\":1},\"s\":\"\",\"l\":[],\"new\":{}}");
}

Test(json, a_copy_stands_alone)
{
	static const char text[] = "{\"a\":[1,[],{\"b\":{\"c\":null}},\"x\"],\"d\":[[[true]],false],\"e\":{}}";
	_cleanup_json_ struct json_doc *to = NULL;
	struct json_doc *from = parsed(text);
	struct json *copy, *part;

	cr_assert_eq(json_doc_new(&to, NULL), 0);
	copy = json_copy(to, json_root(from));
	part = json_copy(to, json_find(json_root(from), "d"));
	json_doc_free(from);
	written_is(copy, text);
	cr_assert_eq(json_set(to, json_root(to), "part", part), 0);
	cr_assert_eq(json_set(to, json_root(to), "all", copy), 0);
	written_is(json_root(to), "{\"part\":[[[true]],false],\"all\":{\"a\":[1,[],{\"b\":{\"c\":null}},\"x\"],"
				  "\"d\":[[[true]],false],\"e\":{}}}");
	cr_assert_null(json_copy(to, NULL));
}

Test(json, writes_for_people_too)
{
	_cleanup_json_ struct json_doc *doc = parsed("{\"a\":[1,2],\"b\":{}}"), *again = NULL;
	_cleanup_free_ char *text = NULL;
	size_t length = 0;

	cr_assert_eq(json_write(json_root(doc), true, &text, &length, NULL), 0);
	cr_assert_not_null(strstr(text, "\n  \"a\": [\n    1,\n"), "%s", text);
	cr_assert_eq(text[length - 1], '\n');
	cr_assert_neq(text[length - 2], '\n');
	cr_assert_eq(json_parse("t", text, length, &again, NULL), 0);
	written_is(json_root(again), "{\"a\":[1,2],\"b\":{}}");
}

/* A report is not lost to a byte that JSON cannot hold. */
Test(json, strings_of_the_program_become_utf8)
{
	_cleanup_json_ struct json_doc *doc = NULL, *again = NULL;
	_cleanup_free_ char *text = NULL;
	size_t length = 0;

	cr_assert_eq(json_doc_new(&doc, NULL), 0);
	cr_assert_eq(json_set(doc, json_root(doc), "k\xff", json_new_string(doc,
		"a\xc3\xa4\xe2\x82|\xed\xa0\x80\xc3")), 0);
	cr_assert_eq(json_write(json_root(doc), false, &text, &length, NULL), 0);
	cr_assert_eq(json_parse("t", text, length, &again, NULL), 0, "%s", text);
	cr_assert_str_eq(json_string(json_root(again)->first),
			 "a\xc3\xa4\xef\xbf\xbd\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	cr_assert_str_eq(json_root(again)->first->key, "k\xef\xbf\xbd");
}

Test(json, too_deep_a_tree_is_not_written)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	struct json *at;
	char *text = NULL;
	size_t length = 7;

	cr_assert_eq(json_doc_new(&doc, NULL), 0);
	at = json_root(doc);
	for (int i = 0; i < 100000; i++)
		at = json_ensure_object(doc, at, "a");
	cr_assert_lt(json_write(json_root(doc), false, &text, &length, NULL), 0);
	cr_assert_null(text);
	cr_assert_eq(length, 7);
}
