/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the resources of a profile: the part of OCI's linux.resources that stint composes. */
#include "lib/profile/parse.h"

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/profile/cpu_set.h"
#include "lib/profile/internal.h"

static int read_setting(struct reader *reader, const struct json *node, const struct key *key)
{
	struct setting *setting = (void *)((char *)reader->target + key->offset);
	uint64_t value;
	int r = read_number(reader, node, key, &value);

	if (r == 0)
		*setting = (struct setting){value, reader->from};
	return r;
}

static int read_set(struct reader *reader, const struct json *node, const struct key *key)
{
	struct cpu_set *set = (void *)((char *)reader->target + key->offset);
	struct error err = {0};

	if (cpu_set_parse(node->text, set, &err) < 0)
		return refuse(reader, node, "%s", err.text);
	set->from = reader->from;
	return 0;
}

/* Known to OCI but not to the meet: said so, rather than left out of it. */
static int refuse_oci(struct reader *reader, const struct json *node, const struct key *key)
{
	return refuse(reader, node, "stint cannot compose \"%s\"; put it in the container's config.json", key->name);
}

#define ANY_TYPE (~0u)
#define OCI_ONLY(name_) {.name = (name_), .types = ANY_TYPE, .read = refuse_oci}
#define NUMBER(name_, member, min_, max_)                                                  \
	{.name = (name_), .types = TYPE(JSON_NUMBER), .read = read_setting,                \
	 .offset = offsetof(struct resources, member), .min = (min_), .max = (max_)}
#define SET(name_, member)                                                                 \
	{.name = (name_), .types = TYPE(JSON_STRING), .read = read_set, .offset = offsetof(struct resources, member)}

/* Bounds are the kernel's: sched/core.c and sched/sched.h. */
enum { QUOTA_MIN_US = 1000, PERIOD_MAX_US = 1000000, SHARES_MIN = 2, SHARES_MAX = 262144 };
#define QUOTA_MAX_US (INT64_MAX / 1000)

static const struct key cpu_keys[] = {
	NUMBER("shares", cpu_shares, SHARES_MIN, SHARES_MAX),
	NUMBER("quota", cpu_quota, QUOTA_MIN_US, QUOTA_MAX_US),
	NUMBER("period", cpu_period, QUOTA_MIN_US, PERIOD_MAX_US),
	SET("cpus", cpus),
	SET("mems", mems),
	OCI_ONLY("burst"),
	OCI_ONLY("realtimeRuntime"),
	OCI_ONLY("realtimePeriod"),
	OCI_ONLY("idle"),
};

static const struct key memory_keys[] = {
	NUMBER("limit", memory_limit, 1, INT64_MAX),
	NUMBER("reservation", memory_reservation, 1, INT64_MAX),
	NUMBER("swap", memory_swap, 1, INT64_MAX),
	OCI_ONLY("kernel"),
	OCI_ONLY("kernelTCP"),
	OCI_ONLY("swappiness"),
	OCI_ONLY("disableOOMKiller"),
	OCI_ONLY("useHierarchy"),
	OCI_ONLY("checkBeforeUpdate"),
};

static const struct key pids_keys[] = {
	NUMBER("limit", pids_limit, 1, PIDS_LIMIT_MAX),
};

static int read_cpu(struct reader *reader, const struct json *node, const struct key *key)
{
	struct resources *resources = reader->target;
	int r = read_object(reader, node, cpu_keys, ARRAY_SIZE(cpu_keys));

	(void)key;
	if (r < 0)
		return r;
	if (resources->cpu_period.value != UNSET && resources->cpu_quota.value == UNSET)
		return refuse(reader, json_get(node, "period"), "a period limits nothing without a \"quota\"");
	if (resources->cpu_quota.value != UNSET && resources->cpu_period.value == UNSET)
		resources->cpu_period = (struct setting){CPU_PERIOD_DEFAULT_US, reader->from};
	return 0;
}

static int read_memory(struct reader *reader, const struct json *node, const struct key *key)
{
	const struct resources *resources = reader->target;
	int r = read_object(reader, node, memory_keys, ARRAY_SIZE(memory_keys));

	(void)key;
	if (r < 0)
		return r;
	/* Without its own limit beside it, composing could leave swap below the memory limit, which
	 * the kernel refuses. */
	if (resources->memory_swap.value != UNSET && resources->memory_limit.value == UNSET)
		return refuse(reader, json_get(node, "swap"), "it is memory and swap together, and needs a \"limit\" "
							      "of memory beside it");
	if (resources->memory_swap.value < resources->memory_limit.value)
		return refuse(reader, json_get(node, "swap"), "impossible limit: it is memory and swap together, and "
							      "cannot be below \"limit\"");
	if (resources->memory_reservation.value != UNSET &&
	    resources->memory_reservation.value > resources->memory_limit.value)
		return refuse(reader, json_get(node, "reservation"), "impossible limit: more is reserved than "
								     "\"limit\" allows");
	return 0;
}

static int read_pids(struct reader *reader, const struct json *node, const struct key *key)
{
	(void)key;
	return read_object(reader, node, pids_keys, ARRAY_SIZE(pids_keys));
}

static const struct key resource_keys[] = {
	{.name = "cpu", .types = TYPE(JSON_OBJECT), .read = read_cpu},
	{.name = "memory", .types = TYPE(JSON_OBJECT), .read = read_memory},
	{.name = "pids", .types = TYPE(JSON_OBJECT), .read = read_pids},
	OCI_ONLY("devices"),
	OCI_ONLY("blockIO"),
	OCI_ONLY("hugepageLimits"),
	OCI_ONLY("network"),
	OCI_ONLY("rdma"),
	OCI_ONLY("unified"),
};

int parse_resources(struct reader *reader, const struct json *node, struct resources *resources)
{
	struct reader inner = *reader;

	inner.target = resources;
	return read_object(&inner, node, resource_keys, ARRAY_SIZE(resource_keys));
}
