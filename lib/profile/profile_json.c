/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A profile as JSON in base units. One walk over what is set serves both: the values with their
 * sources, and the object they make. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/profile/cpu_set.h"
#include "lib/profile/profile.h"

struct walk {
	struct json_doc *doc;
	int (*each)(const char *path, struct json *value, const char *from, void *data);
	void *data;
	struct error *err;
};

static int give(const struct walk *walk, const char *path, struct json *value, const char *from)
{
	if (!value)
		return error_set(walk->err, ENOMEM, "write a profile: out of memory");
	return walk->each(path, value, from ? from : "", walk->data);
}

static int give_member(const struct walk *walk, const char *budget, const char *member, struct json *value,
		       const char *from)
{
	char path[64];

	(void)snprintf(path, sizeof path, "budgets.%s.%s", budget, member);
	return give(walk, path, value, from);
}

/* How long the whole limit takes to refill. Composing takes limit and rate from wherever each is
 * stricter, so this may be no whole number: rounded up, which is slower. */
static uint64_t refill_ns(const struct budget_setting *budget)
{
	unsigned __int128 ns;

	if (budget->rate_limit == 0)
		return budget->rate_per.value;
	ns = (unsigned __int128)budget->limit.value * budget->rate_per.value;
	ns = (ns + budget->rate_limit - 1) / budget->rate_limit;
	return ns > INT64_MAX ? INT64_MAX : (uint64_t)ns;
}

static int walk_actions(const struct walk *walk, const char *name, const struct budget_setting *budget)
{
	bool named = budget->action.value < ACTION_COUNT;
	uint64_t action = named ? budget->action.value : ACTION_KILL;
	char percent[UNIT_TEXT_MAX];
	/* Nobody named one: it is the default of who set the limit. */
	int r = give_member(walk, name, "action", json_new_string(walk->doc, action_names[action]),
			    named ? budget->action.from : budget->limit.from);

	if (r == 0 && budget->grace_ns.value != UNSET)
		r = give_member(walk, name, "grace", json_new_uint64(walk->doc, budget->grace_ns.value),
				budget->grace_ns.from);
	if (r == 0 && budget->throttle_to.value != UNSET)
		r = give_member(walk, name, "throttleTo", json_new_uint64(walk->doc, budget->throttle_to.value),
				budget->throttle_to.from);
	if (r == 0 && budget->warn.value != UNSET) {
		(void)unit_format(UNIT_PERCENT, budget->warn.value, percent);
		r = give_member(walk, name, "warn", json_new_string(walk->doc, percent), budget->warn.from);
	}
	return r;
}

static int walk_budget(const struct walk *walk, const char *name, const struct budget_setting *budget)
{
	static const char *const resources[] = {[STALL_CPU] = "cpu", [STALL_MEMORY] = "memory", [STALL_IO] = "io"};
	int r;

	if (budget->limit.value == UNSET)
		return 0;
	r = give_member(walk, name, "limit", json_new_uint64(walk->doc, budget->limit.value), budget->limit.from);
	if (r == 0 && budget->rate_per.value != UNSET)
		r = give_member(walk, name, "per", json_new_uint64(walk->doc, refill_ns(budget)),
				budget->rate_per.from);
	if (r == 0)
		r = walk_actions(walk, name, budget);
	if (r == 0 && budget->stall_resource.value < ARRAY_SIZE(resources))
		r = give_member(walk, name, "resource",
				json_new_string(walk->doc, resources[budget->stall_resource.value]),
				budget->stall_resource.from);
	return r;
}

static int walk_set(const struct walk *walk, const char *path, const struct cpu_set *set)
{
	char text[CPU_SET_TEXT_MAX];

	if (!set->set)
		return 0;
	return give(walk, path, json_new_string(walk->doc, cpu_set_format(set, text)), set->from);
}

static int walk_resources(const struct walk *walk, const struct resources *resources)
{
	const struct {
		const char *path;
		const struct setting *setting;
	} settings[] = {
		{"resources.cpu.shares", &resources->cpu_shares},
		{"resources.cpu.quota", &resources->cpu_quota},
		{"resources.cpu.period", &resources->cpu_period},
		{"resources.memory.limit", &resources->memory_limit},
		{"resources.memory.reservation", &resources->memory_reservation},
		{"resources.memory.swap", &resources->memory_swap},
		{"resources.pids.limit", &resources->pids_limit},
	};
	int r = walk_set(walk, "resources.cpu.cpus", &resources->cpus);

	if (r == 0)
		r = walk_set(walk, "resources.cpu.mems", &resources->mems);
	for (size_t i = 0; i < ARRAY_SIZE(settings) && r == 0; i++)
		if (settings[i].setting->value != UNSET)
			r = give(walk, settings[i].path, json_new_uint64(walk->doc, settings[i].setting->value),
				 settings[i].setting->from);
	return r;
}

static int walk_capabilities(const struct walk *walk, const struct capability_setting *capabilities)
{
	return capabilities->set ? give(walk, "capabilities", capability_names(walk->doc, capabilities->mask), capabilities->from) : 0;
}

static int walk_seccomp(const struct walk *walk, const struct seccomp_setting *seccomp)
{
	static const char *const names[] = {[SECCOMP_UNCONFINED] = "unconfined", [SECCOMP_DEFAULT] = "default",
					    [SECCOMP_LEARNED] = "learned"};

	if (seccomp->kind == SECCOMP_UNSET)
		return 0;
	return give(walk, "seccomp",
		    seccomp->kind == SECCOMP_OBJECT ? json_copy(walk->doc, seccomp->objects[0]) :
						      json_new_string(walk->doc, names[seccomp->kind]),
		    seccomp->from);
}

/* What is one for a second is a number; "10/m" stays as it was written. Of two that were met the smaller number at once is said, too. */
static struct json *rate_node(struct json_doc *doc, const struct network_setting *network)
{
	uint64_t count = network->new_connections, per_ns = network->new_connections_ns.value;
	uint64_t at_once = network->new_connections_at_once.value;
	char text[96];
	int length;

	if (per_ns == 1000000000 && at_once == count)
		return json_new_uint64(doc, count);
	length = snprintf(text, sizeof text, "%" PRIu64 "/%s", count,
			  per_ns == 1000000000 ? "s" : per_ns == UINT64_C(60000000000) ? "m" : "h");
	if (at_once != count)
		(void)snprintf(text + length, sizeof text - (size_t)length, ", %" PRIu64 " at once", at_once);
	return json_new_string(doc, text);
}

static int give_direction(const struct walk *walk, int direction, const char *member, struct json *value, const char *from)
{
	static const char *const names[NET_DIRECTIONS] = {[NET_EGRESS] = "egress", [NET_INGRESS] = "ingress"};
	char path[64];

	(void)snprintf(path, sizeof path, "network.%s.%s", names[direction], member);
	return give(walk, path, value, from);
}

/* The one that says most of what passes: the first that denies by default. */
static unsigned first_layer(const struct network_setting *network)
{
	for (unsigned i = 0; i < network->count; i++)
		if (strcmp(json_string(json_get(network->layers[i], "default")), "deny") == 0)
			return i;
	return 0;
}

/* One layer is the direction's own, the others are "within" it. */
static int walk_layers(const struct walk *walk, int direction, const struct network_setting *network)
{
	unsigned first = first_layer(network);
	struct json *within;
	int r = 0;

	if (!network->count)
		return 0;
	json_each(member, network->layers[first])
		if (r == 0)
			r = give_direction(walk, direction, member->key, json_copy(walk->doc, member), network->from);
	if (r < 0 || network->count == 1)
		return r;
	within = json_new(walk->doc, JSON_ARRAY);
	for (unsigned i = 0; i < network->count && within; i++)
		if (i != first && json_append(within, json_copy(walk->doc, network->layers[i])) < 0)
			within = NULL;
	return give_direction(walk, direction, "within", within, network->from);
}

static int walk_network(const struct walk *walk, int direction, const struct network_setting *network)
{
	int r = walk_layers(walk, direction, network);

	if (r == 0 && network->bandwidth.value != UNSET)
		r = give_direction(walk, direction, "bandwidth", json_new_uint64(walk->doc, network->bandwidth.value),
				   network->bandwidth.from);
	if (r == 0 && network->new_connections_ns.value != UNSET)
		r = give_direction(walk, direction, "newConnections", rate_node(walk->doc, network), network->new_connections_ns.from);
	if (r == 0 && network->connections.value != UNSET)
		r = give_direction(walk, direction, "connections", json_new_uint64(walk->doc, network->connections.value),
				   network->connections.from);
	return r;
}

int profile_each_source(const struct profile *profile, struct json_doc *doc,
			int (*each)(const char *path, struct json *value, const char *from, void *data),
			void *data, struct error *err)
{
	const struct walk walk = {doc, each, data, err};
	int r = 0;

	for (int b = 0; b < BUDGET_COUNT && r == 0; b++)
		r = walk_budget(&walk, budget_kinds[b].name, &profile->budgets[b]);
	if (r == 0)
		r = walk_resources(&walk, &profile->resources);
	if (r == 0)
		r = walk_capabilities(&walk, &profile->capabilities);
	if (r == 0 && profile->no_new_privileges.value == 1)
		r = give(&walk, "noNewPrivileges", json_new_bool(doc, true), profile->no_new_privileges.from);
	if (r == 0 && profile->record.value == 1)
		r = give(&walk, "record", json_new_bool(doc, true), profile->record.from);
	if (r == 0)
		r = walk_seccomp(&walk, &profile->seccomp);
	for (int d = 0; d < NET_DIRECTIONS && r == 0; d++)
		r = walk_network(&walk, d, &profile->network[d]);
	if (r == 0 && profile->baseline)
		r = give(&walk, "baseline", json_copy(doc, profile->baseline), profile->baseline_from);
	return r;
}

struct target {
	struct json_doc *doc;
	struct json *root;
};

/* Puts a value at its path; the objects on the way are made when first needed. */
static int put(const char *path, struct json *value, const char *from, void *data)
{
	const struct target *target = data;
	struct json *object = target->root;
	char key[32];
	size_t length;

	(void)from;
	while (path[length = strcspn(path, ".")] == '.') {
		(void)snprintf(key, sizeof key, "%.*s", (int)length, path);
		object = json_ensure_object(target->doc, object, key);
		if (!object)
			return -ENOMEM;
		path += length + 1;
	}
	return json_set(target->doc, object, path, value);
}

int profile_to_json(const struct profile *profile, struct json_doc *doc, struct json **ret_node, struct error *err)
{
	struct target target = {doc, json_new(doc, JSON_OBJECT)};
	int r = target.root ? json_set(doc, target.root, "name", json_new_string(doc, profile->name)) : -ENOMEM;

	if (r == 0)
		r = profile_each_source(profile, doc, put, &target, err);
	if (r < 0)
		return error_set(err, -r, "write the profile %s: out of memory", profile->name);
	*ret_node = target.root;
	return 0;
}
