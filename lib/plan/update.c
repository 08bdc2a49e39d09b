/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/plan/update.h"

#include <stdio.h>
#include <string.h>

#include "lib/oci/config.h"
#include "lib/plan/edit.h"
#include "lib/plan/edit_resources.h"

static int no_memory(struct error *err)
{
	return error_set(err, ENOMEM, "hold an update to the plan: out of memory");
}

static struct json *resources_of(struct json_doc *doc)
{
	return json_find(json_root(doc), "linux.resources");
}

int update_bounds(const struct plan *plan, struct json_doc **ret_doc, struct error *err)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	const struct plan host = {.effective = plan->host};
	int r = json_doc_new(&doc, err);

	if (r == 0 && !json_ensure_object(doc, json_root(doc), "linux"))
		r = no_memory(err);
	if (r == 0)
		r = edit_resources(doc, &host, err);
	if (r == 0)
		*ret_doc = steal_ptr(&doc);
	return r;
}

int process_hold(struct json_doc *doc, const struct json *config, struct error *err)
{
	struct profile held;
	int r = config_check_process(json_root(doc), err);

	if (r == 0)
		r = config_to_profile(config, &held, err);
	return r < 0 ? r : process_edit(doc, json_root(doc), &held, err);
}

static const struct {
	const char *group, *key;
} limits_known[] = {
	{"memory", "limit"}, {"memory", "swap"}, {"memory", "reservation"}, {"pids", "limit"}, {"cpu", "shares"},
	{"cpu", "quota"}, {"cpu", "period"}, {"cpu", "cpus"}, {"cpu", "mems"},
};

/* 0, and an empty list of CPUs, leave things as they are. */
static bool says_nothing(const struct json *value)
{
	return value->type == JSON_NULL || (json_string(value) && !*value->text) ||
	       (value->type == JSON_NUMBER && strcmp(value->text, "0") == 0);
}

static void drop_empty(struct json *resources)
{
	for (size_t i = 0; i < ARRAY_SIZE(limits_known); i++) {
		struct json *value = json_get(json_get(resources, limits_known[i].group), limits_known[i].key);

		if (value && says_nothing(value))
			json_remove(value);
	}
}

/* What nobody asked for would undo an earlier update. A quota is nothing without its period, nor is a lone
 * period one that can be compared. */
static void drop_unasked(struct json *resources, const struct json *asked, bool quota_bound)
{
	bool quota = json_find(asked, "cpu.quota");

	for (size_t i = 0; i < ARRAY_SIZE(limits_known); i++) {
		const char *group = limits_known[i].group, *key = limits_known[i].key;
		bool keep = json_get(json_get(asked, group), key);
		struct json *value = json_get(json_get(resources, group), key);

		if (strcmp(key, "period") == 0)
			keep = quota || (keep && !quota_bound);
		if (value && !keep)
			json_remove(value);
		if (!json_get(asked, group) && json_get(resources, group))
			json_remove(json_get(resources, group));
	}
}

static void note(struct update_result *result, const char *group, const struct json *asked, const struct json *now)
{
	size_t length = strlen(result->notes);

	if (now && strcmp(now->text, asked->text) == 0)
		return;
	(void)snprintf(result->notes + length, sizeof result->notes - length, "%s%s.%s: %.40s asked, %.40s",
		       length ? "; " : "", group, asked->key, asked->text, now ? now->text : "left out");
	length = strlen(result->notes);
	if (now && length + 5 < sizeof result->notes)
		memcpy(result->notes + length, " set", 5);
}

static void note_changes(struct update_result *result, const struct json *resources, const struct json *asked)
{
	json_each(group, asked)
		json_each(value, group->type == JSON_OBJECT ? group : NULL)
			if (value->text)
				note(result, group->key, value, json_get(json_get(resources, group->key), value->key));
}

static void keep_asked(struct cgroup_limits *limits, const struct json *asked)
{
	if (!json_find(asked, "memory.limit"))
		limits->memory_bytes = limits->memory_swap_bytes = UINT64_MAX;
	if (!json_find(asked, "pids.limit"))
		limits->pids = UINT64_MAX;
	if (!json_find(asked, "cpu.quota"))
		limits->cpu_quota_us = limits->cpu_period_us = UINT64_MAX;
	limits->oom_group = false;
}

int update_hold(struct json_doc *doc, const struct json *bounds, uint64_t in_use, struct update_result *ret_result,
		struct error *err)
{
	struct json *resources = resources_of(doc), *asked;
	struct update_result result = {.notes = ""};
	struct profile bound, wanted;
	struct plan plan = {0};
	int r = config_check_resources(resources, err);

	if (r < 0)
		return r;
	asked = json_copy(doc, resources);
	if (!asked)
		return no_memory(err);
	drop_empty(resources);
	drop_empty(asked);
	r = config_to_profile(bounds, &bound, err);
	if (r == 0)
		r = config_to_profile(json_root(doc), &wanted, err);
	if (r == 0)
		r = profile_meet(&bound, &wanted, &plan.effective, err);
	if (r < 0)
		return r;
	if (in_use && json_find(asked, "memory.limit") && plan.effective.resources.memory_limit.value < in_use) {
		plan.effective.resources.memory_limit.value = in_use;
		if (plan.effective.resources.memory_swap.value < in_use)
			plan.effective.resources.memory_swap.value = in_use;
	}
	r = edit_resources(doc, &plan, err);
	if (r < 0)
		return r;
	drop_unasked(resources, asked, bound.resources.cpu_quota.value != UNSET);
	note_changes(&result, resources, asked);
	plan_limits(&plan, &result.limits);
	keep_asked(&result.limits, asked);
	*ret_result = result;
	return 0;
}
