/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is asked of a running container: never beyond what the host decided, and nothing that was not asked for. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "lib/oci/config.h"
#include "lib/plan/update.h"

static struct json_doc *parsed(const char *text)
{
	struct json_doc *doc = NULL;
	struct error err = {0};

	cr_assert_eq(json_parse("test", text, strlen(text), &doc, &err), 0, "%s: %s", text, err.text);
	return doc;
}

static struct json_doc *request_of(const char *resources)
{
	char text[4096];

	(void)snprintf(text, sizeof text, "{\"linux\":{\"resources\":%s}}", resources);
	return parsed(text);
}

static void expect(const struct json *node, const char *wanted, const char *what)
{
	char *text = NULL;
	size_t length;

	cr_assert_eq(json_write(node, false, &text, &length, NULL), 0);
	text[length - 1] = '\0';
	cr_expect(strcmp(text, wanted) == 0, "%s: it is %s, not %s", what, text, wanted);
	free(text);
}

static const char bounds_text[] =
	"{\"linux\":{\"resources\":{\"memory\":{\"limit\":1000000,\"swap\":2000000},\"pids\":{\"limit\":100},"
	"\"cpu\":{\"quota\":50000,\"period\":100000,\"shares\":512,\"cpus\":\"0-3\"}}}}";

Test(update, held_to_the_bounds)
{
	static const struct {
		const char *asked, *now, *notes;
	} rows[] = {
		{"{}", "{}", ""},
		{"{\"memory\":{\"limit\":500000}}", "{\"memory\":{\"limit\":500000}}", ""},
		{"{\"memory\":{\"limit\":5000000}}", "{\"memory\":{\"limit\":1000000}}",
		 "memory.limit: 5000000 asked, 1000000 set"},
		{"{\"memory\":{\"limit\":-1,\"swap\":-1}}", "{\"memory\":{\"limit\":1000000,\"swap\":2000000}}",
		 "memory.limit: -1 asked, 1000000 set; memory.swap: -1 asked, 2000000 set"},
		/* 0, null and "" leave things as they are. */
		{"{\"memory\":{\"limit\":0,\"swap\":null},\"pids\":{\"limit\":0},\"cpu\":{\"cpus\":\"\"}}",
		 "{\"memory\":{},\"pids\":{},\"cpu\":{}}", ""},
		{"{\"pids\":{\"limit\":99}}", "{\"pids\":{\"limit\":99}}", ""},
		{"{\"pids\":{\"limit\":-1}}", "{\"pids\":{\"limit\":100}}", "pids.limit: -1 asked, 100 set"},
		{"{\"cpu\":{\"quota\":20000,\"period\":50000}}", "{\"cpu\":{\"quota\":20000,\"period\":50000}}", ""},
		{"{\"cpu\":{\"quota\":60000,\"period\":100000}}", "{\"cpu\":{\"quota\":50000,\"period\":100000}}",
		 "cpu.quota: 60000 asked, 50000 set"},
		/* The period that it is meant for is not known here. */
		{"{\"cpu\":{\"period\":1000}}", "{\"cpu\":{}}", "cpu.period: 1000 asked, left out"},
		{"{\"cpu\":{\"shares\":2048}}", "{\"cpu\":{\"shares\":512}}", "cpu.shares: 2048 asked, 512 set"},
		{"{\"cpu\":{\"cpus\":\"2-7\"}}", "{\"cpu\":{\"cpus\":\"2-3\"}}", "cpu.cpus: 2-7 asked, 2-3 set"},
		{"{\"unified\":{\"memory.max\":\"max\",\"pids.max\":\"10\",\"x\":\"y\"}}",
		 "{\"unified\":{\"pids.max\":\"10\",\"x\":\"y\"}}", "unified.memory.max: max asked, left out"},
		/* What stint does not compose is the runtime's. */
		{"{\"blockIO\":{\"weight\":10},\"new\":[1,2.50]}", "{\"blockIO\":{\"weight\":10},\"new\":[1,2.50]}", ""},
	};
	struct json_doc *bounds = parsed(bounds_text);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct json_doc *doc = request_of(rows[i].asked);
		struct update_result result;
		struct error err = {0};

		cr_assert_eq(update_hold(doc, json_root(bounds), 0, &result, &err), 0, "%s: %s", rows[i].asked, err.text);
		expect(json_find(json_root(doc), "linux.resources"), rows[i].now, rows[i].asked);
		cr_expect(strcmp(result.notes, rows[i].notes) == 0, "%s: it says %s", rows[i].asked, result.notes);
		json_doc_free(doc);
	}
	json_doc_free(bounds);
}

Test(update, without_bounds_it_is_what_was_asked)
{
	struct json_doc *bounds = parsed("{\"linux\":{\"resources\":{}}}");
	struct json_doc *doc = request_of("{\"memory\":{\"limit\":-1},\"cpu\":{\"period\":1000},\"pids\":{\"limit\":7}}");
	struct update_result result;

	cr_assert_eq(update_hold(doc, json_root(bounds), 0, &result, NULL), 0);
	expect(json_find(json_root(doc), "linux.resources"),
	       "{\"memory\":{\"limit\":-1},\"cpu\":{\"period\":1000},\"pids\":{\"limit\":7}}", "unbounded");
	cr_expect_eq(result.limits.pids, 7);
	cr_expect_eq(result.limits.memory_bytes, UINT64_MAX);
	json_doc_free(doc);
	json_doc_free(bounds);
}

Test(update, memory_is_not_taken_from_under_it)
{
	struct json_doc *bounds = parsed(bounds_text);
	struct json_doc *doc = request_of("{\"memory\":{\"limit\":4096,\"swap\":4096}}");
	struct update_result result;

	cr_assert_eq(update_hold(doc, json_root(bounds), 300000, &result, NULL), 0);
	expect(json_find(json_root(doc), "linux.resources"), "{\"memory\":{\"limit\":300000,\"swap\":300000}}", "in use");
	cr_expect_str_eq(result.notes, "memory.limit: 4096 asked, 300000 set; memory.swap: 4096 asked, 300000 set");
	json_doc_free(doc);
	doc = request_of("{\"pids\":{\"limit\":1}}");
	cr_assert_eq(update_hold(doc, json_root(bounds), 300000, &result, NULL), 0);
	expect(json_find(json_root(doc), "linux.resources"), "{\"pids\":{\"limit\":1}}", "memory was not asked for");
	json_doc_free(doc);
	json_doc_free(bounds);
}

Test(update, what_is_not_valid_is_refused)
{
	static const char *const rows[] = {
		"[]", "1", "{\"memory\":1}", "{\"memory\":{\"limit\":\"1\"}}", "{\"memory\":{\"limit\":1.5}}",
		"{\"pids\":{\"limit\":99999999999999999999}}", "{\"Memory\":{\"limit\":1}}", "{\"cpu\":{\"cpus\":\"7-2\"}}",
		"{\"cpu\":{\"cpus\":\"8\"}}", "{\"unified\":{\"memory.max\":\"0x10\"}}", "{\"cpu\":{\"Quota\":1}}",
	};
	struct json_doc *bounds = parsed(bounds_text);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct json_doc *doc = request_of(rows[i]);
		struct update_result result;
		struct error err = {0};

		cr_expect_lt(update_hold(doc, json_root(bounds), 0, &result, &err), 0, "%s", rows[i]);
		cr_expect_gt(strlen(err.text), 0, "%s", rows[i]);
		json_doc_free(doc);
	}
	json_doc_free(bounds);
}

/* Whatever is asked, what comes out is at least as strict as the bounds where it says anything. */
Test(update, never_looser_than_the_bounds)
{
	struct json_doc *bounds = parsed(bounds_text);
	struct profile bound;
	unsigned seed = 1;

	cr_assert_eq(config_to_profile(json_root(bounds), &bound, NULL), 0);
	for (int round = 0; round < 20000; round++) {
		char text[512];
		struct json_doc *doc;
		struct update_result result;
		struct profile now;
		const struct resources *r = &now.resources, *b = &bound.resources;

#define SOME(max) ((long)(rand_r(&seed) % (max)) - 1)
		(void)snprintf(text, sizeof text,
			       "{\"memory\":{\"limit\":%ld,\"swap\":%ld},\"pids\":{\"limit\":%ld},\"cpu\":{\"quota\":%ld,"
			       "\"period\":%d,\"shares\":%d}}",
			       SOME(3000000), SOME(6000000), SOME(300), SOME(200000), 1000 + rand_r(&seed) % 900000,
			       2 + rand_r(&seed) % 2000);
		doc = request_of(text);
		cr_assert_eq(update_hold(doc, json_root(bounds), 0, &result, NULL), 0, "%s", text);
		cr_assert_eq(config_to_profile(json_root(doc), &now, NULL), 0);
		if (json_find(json_root(doc), "linux.resources.memory.limit"))
			cr_assert_leq(r->memory_limit.value, b->memory_limit.value, "%s", text);
		if (json_find(json_root(doc), "linux.resources.pids.limit"))
			cr_assert_leq(r->pids_limit.value, b->pids_limit.value, "%s", text);
		if (json_find(json_root(doc), "linux.resources.cpu.quota"))
			cr_assert(r->cpu_quota.value * 100000 <= b->cpu_quota.value * r->cpu_period.value, "%s", text);
		cr_assert_leq(r->cpu_shares.value, b->cpu_shares.value, "%s", text);
		json_doc_free(doc);
	}
	json_doc_free(bounds);
}

Test(update, bounds_are_written_and_read_back)
{
	struct plan plan = {0};
	struct json_doc *doc = NULL;
	struct profile back;

	profile_init(&plan.host, "host");
	plan.host.resources.memory_limit.value = 4096;
	plan.host.resources.cpu_quota.value = 1000;
	plan.host.resources.cpu_period.value = 20000;
	plan.host.budgets[BUDGET_PIDS].limit.value = 5;
	plan.host.budgets[BUDGET_PIDS].action.value = ACTION_KILL;
	cr_assert_eq(update_bounds(&plan, &doc, NULL), 0);
	cr_assert_eq(config_to_profile(json_root(doc), &back, NULL), 0);
	cr_expect_eq(back.resources.memory_limit.value, 4096);
	cr_expect_eq(back.resources.cpu_quota.value, 1000);
	cr_expect_eq(back.resources.cpu_period.value, 20000);
	cr_expect_eq(back.resources.pids_limit.value, 5, "a budget's limit is the kernel's too");
	json_doc_free(doc);
}

Test(update, a_process_gets_no_more_than_the_container_has)
{
	struct json_doc *config = parsed("{\"process\":{\"noNewPrivileges\":true,\"capabilities\":{\"bounding\":"
					 "[\"CAP_KILL\",\"CAP_CHOWN\"]}},\"linux\":{}}");
	struct json_doc *doc = parsed("{\"args\":[\"a\"],\"cwd\":\"/\",\"noNewPrivileges\":false,\"capabilities\":{"
				      "\"bounding\":[\"CAP_KILL\",\"CAP_SYS_ADMIN\"],\"effective\":[\"CAP_SYS_ADMIN\"],"
				      "\"inheritable\":[\"CAP_CHOWN\"]},\"x\":1.0}");
	struct error err = {0};

	cr_assert_eq(process_hold(doc, json_root(config), &err), 0, "%s", err.text);
	expect(json_root(doc), "{\"args\":[\"a\"],\"cwd\":\"/\",\"noNewPrivileges\":true,\"capabilities\":{\"bounding\":"
			       "[\"CAP_KILL\"],\"effective\":[],\"inheritable\":[\"CAP_CHOWN\"],\"permitted\":[],"
			       "\"ambient\":[]},\"x\":1.0}", "held");
	json_doc_free(doc);
	doc = parsed("{\"args\":[],\"cwd\":\"/\"}");
	cr_expect_eq(process_hold(doc, json_root(config), &err), -EINVAL);
	json_doc_free(doc);
	json_doc_free(config);
}
