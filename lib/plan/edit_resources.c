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

/* Written anew only when it says something else than what is there. */
static int put_set(struct json_doc *doc, struct json *resources, const char *key, const struct cpu_set *set,
		   struct error *err)
{
	char text[CPU_SET_TEXT_MAX];
	struct cpu_set now;
	struct json *cpu;

	if (!set->set)
		return 0;
	cpu = json_ensure_object(doc, resources, "cpu");
	if (json_string(json_get(cpu, key)) && cpu_set_parse(json_get(cpu, key)->text, &now, NULL) == 0 &&
	    memcmp(now.bits, set->bits, sizeof now.bits) == 0)
		return 0;
	if (!cpu || json_set(doc, cpu, key, json_new_string(doc, cpu_set_format(set, text))) < 0)
		return no_memory(err);
	return 0;
}

/* What undoes a limit that we set: an OOM killer that is off (v1) leaves the container hanging at its
 * budget, and the kernel refuses a burst above the quota. */
static int edit_companions(struct json_doc *doc, struct json *resources, const struct cgroup_limits *limits,
			   struct error *err)
{
	struct json *memory = json_get(resources, "memory"), *burst = json_find(resources, "cpu.burst");
	struct json *disable = json_get(memory, "disableOOMKiller");
	uint64_t us;

	if (limits->cpu_quota_us != UINT64_MAX && burst &&
	    (json_uint64(burst, &us, NULL) < 0 || us > limits->cpu_quota_us))
		json_remove(burst);
	if (limits->oom_group && json_is(disable, JSON_BOOL) && disable->boolean &&
	    json_set(doc, memory, "disableOOMKiller", json_new_bool(doc, false)) < 0)
		return no_memory(err);
	return 0;
}

/*
 * v2's own words in `unified` are written by the runtime after all others, and so win. Those that are at
 * least as strict as the plan stay as they are; those that would loosen it go; those that cannot be
 * compared are refused, since either choice could loosen something.
 */
struct unified {
	struct json *node;
	struct error *err;
};

static int refuse_unified(const struct unified *unified, const struct json *entry)
{
	return error_set(unified->err, EINVAL,
			 "config.json: linux.resources.unified: \"%.60s\" is \"%.60s\", which cannot be compared with the "
			 "plan's own limit; write it as plain numbers, or leave it out",
			 entry->key, json_string(entry) ? entry->text : "");
}

/* A number as the kernel's memparse takes it (but for octal and hexadecimal), or "max". */
static bool kernel_amount(const char *text, size_t length, uint64_t *ret_value)
{
	static const char suffixes[] = "KMGTPE";
	uint64_t value = 0;
	const char *suffix;
	size_t i;

	if (length == 3 && strncmp(text, "max", 3) == 0) {
		*ret_value = UINT64_MAX;
		return true;
	}
	for (i = 0; i < length && text[i] >= '0' && text[i] <= '9'; i++)
		if (__builtin_mul_overflow(value, UINT64_C(10), &value) ||
		    __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value))
			return false;
	if (i == 0 || (i > 1 && text[0] == '0'))
		return false;
	if (i < length) {
		suffix = strchr(suffixes, text[i] >= 'a' ? text[i] - 32 : text[i]);
		if (!suffix || !*suffix || i + 1 != length ||
		    __builtin_mul_overflow(value, UINT64_C(1) << 10 * (suffix - suffixes + 1), &value))
			return false;
	}
	*ret_value = value;
	return true;
}

static int at_most(const struct unified *unified, const char *key, uint64_t limit)
{
	struct json *entry = json_get(unified->node, key);
	uint64_t value;

	if (!entry || limit == UINT64_MAX)
		return 0;
	if (!json_string(entry) || !kernel_amount(entry->text, strlen(entry->text), &value))
		return refuse_unified(unified, entry);
	if (value > limit)
		json_remove(entry);
	return 0;
}

/* "QUOTA PERIOD"; the period may be left out, and the quota be "max". */
static int quota_at_most(const struct unified *unified, const struct cgroup_limits *limits)
{
	struct json *entry = json_get(unified->node, "cpu.max");
	uint64_t quota, period = limits->cpu_period_us;
	size_t length;

	if (!entry || limits->cpu_quota_us == UINT64_MAX)
		return 0;
	if (!json_string(entry))
		return refuse_unified(unified, entry);
	length = strcspn(entry->text, " ");
	if (!kernel_amount(entry->text, length, &quota) ||
	    (entry->text[length] &&
	     !kernel_amount(entry->text + length + 1, strlen(entry->text + length + 1), &period)))
		return refuse_unified(unified, entry);
	if (quota == UINT64_MAX || (unsigned __int128)quota * limits->cpu_period_us >
					   (unsigned __int128)limits->cpu_quota_us * period)
		json_remove(entry);
	return 0;
}

static int subset_of(const struct unified *unified, const char *key, const struct cpu_set *set)
{
	struct json *entry = json_get(unified->node, key);
	struct cpu_set now;
	uint64_t more = 0;

	if (!entry || !set->set)
		return 0;
	if (!json_string(entry) || cpu_set_parse(entry->text, &now, NULL) < 0)
		return refuse_unified(unified, entry);
	for (int i = 0; i < CPU_SET_WORDS; i++)
		more |= now.bits[i] & ~set->bits[i];
	if (more)
		json_remove(entry);
	return 0;
}

/* As runc and crun convert shares to a weight. */
static uint64_t weight_of(uint64_t shares)
{
	if (shares == UNSET)
		return UINT64_MAX;
	if (shares < 2)
		return 1;
	return shares > 262144 ? 10000 : 1 + (shares - 2) * 9999 / 262142;
}

static int edit_unified(struct json *resources, const struct resources *wanted, const struct cgroup_limits *limits,
			struct error *err)
{
	const struct unified unified = {json_get(resources, "unified"), err};
	struct json *group = json_get(unified.node, "memory.oom.group");
	uint64_t swap = UINT64_MAX;
	int r;

	if (limits->memory_swap_bytes != UINT64_MAX && limits->memory_bytes != UINT64_MAX)
		swap = limits->memory_swap_bytes - limits->memory_bytes; /* plan_limits sees to the order */
	r = at_most(&unified, "memory.max", limits->memory_bytes);
	if (r == 0)
		r = at_most(&unified, "memory.high", limits->memory_bytes);
	if (r == 0)
		r = at_most(&unified, "memory.swap.max", swap);
	if (r == 0)
		r = at_most(&unified, "pids.max", limits->pids);
	if (r == 0)
		r = at_most(&unified, "cpu.max.burst", limits->cpu_quota_us);
	if (r == 0)
		r = at_most(&unified, "cpu.weight", weight_of(wanted->cpu_shares.value));
	if (r == 0)
		r = quota_at_most(&unified, limits);
	if (r == 0)
		r = subset_of(&unified, "cpuset.cpus", &wanted->cpus);
	if (r == 0)
		r = subset_of(&unified, "cpuset.mems", &wanted->mems);
	if (wanted->cpu_shares.value != UNSET)
		json_remove(json_get(unified.node, "cpu.weight.nice"));
	if (limits->oom_group && json_string(group) && strcmp(group->text, "1") != 0)
		json_remove(group);
	return r;
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
		r = edit_companions(doc, resources, &limits, err);
	return r < 0 ? r : edit_unified(resources, wanted, &limits, err);
}

int edit_oom_group(struct json_doc *doc, const struct plan *plan, struct error *err)
{
	struct json *unified;
	struct cgroup_limits limits;

	plan_limits(plan, &limits);
	if (!limits.oom_group)
		return 0;
	unified = json_ensure_object(doc, json_find(json_root(doc), "linux.resources"), "unified");
	if (!unified || json_set(doc, unified, "memory.oom.group", json_new_string(doc, "1")) < 0)
		return no_memory(err);
	return 0;
}
