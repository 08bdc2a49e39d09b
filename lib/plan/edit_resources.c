/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan into config.json: linux.resources. */
#include "lib/plan/edit_resources.h"

#include <string.h>

#include "lib/profile/cpu_set.h"

static int no_memory(struct error *err)
{
	return error_set(err, ENOMEM, "edit config.json: out of memory");
}

/* A value that the config has already is left as it was written. */
static int put(struct json_doc *doc, struct json *resources, const char *group, const char *key, uint64_t value,
	       struct error *err)
{
	struct json *object;
	uint64_t now;

	if (value == UNSET)
		return 0;
	object = json_ensure_object(doc, resources, group);
	if (!object)
		return no_memory(err);
	if (json_get(object, key) && json_uint64(json_get(object, key), &now, NULL) == 0 && now == value)
		return 0;
	return json_set(doc, object, key, json_new_uint64(doc, value)) < 0 ? no_memory(err) : 0;
}

static int put_set(struct json_doc *doc, struct json *resources, const char *key, const struct cpu_set *set,
		   struct error *err)
{
	char text[CPU_SET_TEXT_MAX];
	struct json *cpu;

	if (!set->set)
		return 0;
	cpu = json_ensure_object(doc, resources, "cpu");
	if (!cpu || json_set(doc, cpu, key, json_new_string(doc, cpu_set_format(set, text))) < 0)
		return no_memory(err);
	return 0;
}

/* v2's own words in `unified` come after the others and would win. */
static void remove_unified(struct json *resources, const struct cgroup_limits *limits)
{
	static const struct {
		const char *key;
		size_t limit;
	} entries[] = {
		{"memory.max", offsetof(struct cgroup_limits, memory_bytes)},
		{"memory.high", offsetof(struct cgroup_limits, memory_bytes)},
		{"memory.swap.max", offsetof(struct cgroup_limits, memory_swap_bytes)},
		{"pids.max", offsetof(struct cgroup_limits, pids)},
		{"cpu.max", offsetof(struct cgroup_limits, cpu_quota_us)},
	};
	struct json *unified = json_get(resources, "unified");

	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		uint64_t limit;

		memcpy(&limit, (const char *)limits + entries[i].limit, sizeof limit);
		if (limit != UINT64_MAX)
			json_remove(json_get(unified, entries[i].key));
	}
}

int edit_resources(struct json_doc *doc, const struct plan *plan, struct error *err)
{
	const struct resources *wanted = &plan->effective.resources;
	struct json *resources = json_ensure_object(doc, json_get(json_root(doc), "linux"), "resources");
	struct cgroup_limits limits;
	int r;

	if (!resources)
		return no_memory(err);
	plan_limits(plan, &limits);
	r = put(doc, resources, "memory", "limit", limits.memory_bytes, err);
	if (r == 0)
		r = put(doc, resources, "memory", "swap", limits.memory_swap_bytes, err);
	if (r == 0)
		r = put(doc, resources, "memory", "reservation", wanted->memory_reservation.value, err);
	if (r == 0)
		r = put(doc, resources, "pids", "limit", limits.pids, err);
	if (r == 0)
		r = put(doc, resources, "cpu", "shares", wanted->cpu_shares.value, err);
	if (r == 0 && limits.cpu_quota_us != UINT64_MAX)
		r = put(doc, resources, "cpu", "period", limits.cpu_period_us, err);
	if (r == 0)
		r = put(doc, resources, "cpu", "quota", limits.cpu_quota_us, err);
	if (r == 0)
		r = put_set(doc, resources, "cpus", &wanted->cpus, err);
	if (r == 0)
		r = put_set(doc, resources, "mems", &wanted->mems, err);
	if (r == 0)
		remove_unified(resources, &limits);
	return r;
}
