/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two documents, and what is not the same in them. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/json_diff.h"

static char told[4096];

static int tell(const char *path, const struct json *a, const struct json *b, void *data, struct error *err)
{
	_cleanup_free_ char *of_a = NULL, *of_b = NULL;
	size_t length, used = strlen(told);

	(void)data;
	cr_assert(!a || json_write(a, false, &of_a, &length, err) == 0);
	cr_assert(!b || json_write(b, false, &of_b, &length, err) == 0);
	(void)snprintf(told + used, sizeof told - used, "%s: %.*s %.*s; ", path, of_a ? (int)strlen(of_a) - 1 : 1, of_a ? of_a : "-",
		       of_b ? (int)strlen(of_b) - 1 : 1, of_b ? of_b : "-");
	return 0;
}

static struct json_doc *parsed(const char *text)
{
	struct json_doc *doc = NULL;
	struct error err = {0};

	cr_assert_eq(json_parse("test", text, strlen(text), &doc, &err), 0, "%s", err.text);
	return doc;
}

Test(json_diff, is_of_members_and_of_sets)
{
	static const struct {
		const char *a, *b, *told;
	} cases[] = {
		{"{}", "{}", ""},
		{"{\"a\":1,\"b\":{\"c\":[1,2]}}", "{\"b\":{\"c\":[2,1]},\"a\":1}", ""},
		{"{\"a\":1}", "{\"a\":2}", "a: 1 2; "},
		{"{\"a\":1,\"x\":{\"y\":3}}", "{\"b\":true,\"a\":\"1\"}", "a: 1 \"1\"; x.y: 3 -; b: - true; "},
		{"{\"p\":{\"q\":{\"r\":1,\"s\":2}},\"z\":0}", "{\"p\":{\"q\":{\"s\":3,\"t\":4}},\"z\":1}",
		 "p.q.r: 1 -; p.q.s: 2 3; p.q.t: - 4; z: 0 1; "},
		{"{\"l\":[\"A\",\"B\"]}", "{\"l\":[\"C\",\"B\"]}", "l: \"A\" -; l: - \"C\"; "},
		{"{\"l\":[[2,1],[1,1]]}", "{\"l\":[[1,1],[3,1]]}", "l: [2,1] -; l: - [3,1]; "},
		{"{\"l\":[1,1]}", "{\"l\":[1]}", "l: 1 -; "},
		{"{\"l\":[{\"k\":1,\"m\":[1]},{\"k\":2}]}", "{\"l\":[{\"k\":1,\"m\":[]}]}", "l[0].m: 1 -; l[1].k: 2 -; "},
		{"{\"l\":[]}", "{\"l\":[{\"k\":2}]}", "l: - {\"k\":2}; "},
		{"{\"l\":{}}", "{\"l\":[]}", "l: {} []; "},
		{"{\"l\":null}", "{}", "l: null -; "},
		{"{\"l\":{}}", "{}", "l: {} -; "},
		{"{}", "{\"p\":{\"q\":{\"r\":[]}},\"z\":1}", "p.q.r: - []; z: - 1; "},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_json_ struct json_doc *a = parsed(cases[i].a), *b = parsed(cases[i].b);
		struct error err = {0};

		told[0] = '\0';
		cr_assert_eq(json_diff(json_root(a), json_root(b), tell, NULL, &err), 0, "%s", err.text);
		cr_expect_str_eq(told, cases[i].told, "%s and %s", cases[i].a, cases[i].b);
	}
}

static int give_up(const char *path, const struct json *a, const struct json *b, void *data, struct error *err)
{
	(void)path, (void)a, (void)b;
	++*(int *)data;
	return error_set(err, ECANCELED, "enough");
}

Test(json_diff, ends_when_it_is_told_to)
{
	_cleanup_json_ struct json_doc *a = parsed("{\"a\":1,\"b\":2}"), *b = parsed("{}");
	struct error err = {0};
	int calls = 0;

	cr_expect_eq(json_diff(json_root(a), json_root(b), give_up, &calls, &err), -ECANCELED);
	cr_expect_eq(calls, 1);
}

Test(json_diff, the_deepest_that_can_be_read_can_be_compared)
{
	char text[JSON_MAX_DEPTH * 8] = "";
	_cleanup_json_ struct json_doc *a = NULL, *b = NULL;
	struct error err = {0};

	for (int i = 0; i < JSON_MAX_DEPTH; i++)
		(void)strcat(text, i + 1 == JSON_MAX_DEPTH ? "{\"k\":1" : "{\"k\":");
	for (int i = 0; i < JSON_MAX_DEPTH; i++)
		(void)strcat(text, "}");
	a = parsed(text);
	*strchr(text, '1') = '2';
	b = parsed(text);
	told[0] = '\0';
	cr_assert_eq(json_diff(json_root(a), json_root(b), tell, NULL, &err), 0, "%s", err.text);
	cr_expect(strstr(told, "k.k: 1 2; "), "%s", told);
}
