/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the budgets of a profile, and refuses those that could not mean anything. */
#include "lib/profile/parse.h"

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/profile/internal.h"

#define ACTION(action) (1u << (action))

/* Actions that would change nothing for a budget, and why. */
static const struct {
	unsigned actions;
	const char *why;
} meaningless[BUDGET_COUNT] = {
	[BUDGET_MEMORY] = {ACTION(ACTION_THROTTLE) | ACTION(ACTION_FREEZE),
			   "neither gives memory back, and the kernel stops what needs more; use kill, term or warn"},
	[BUDGET_PIDS] = {ACTION(ACTION_THROTTLE),
			 "the kernel refuses more processes by itself; use kill, term, freeze or warn"},
	[BUDGET_IDLE] = {ACTION(ACTION_THROTTLE), "who is idle uses no CPU; use kill, term, freeze or warn"},
};

static const char *const stall_names[] = {[STALL_CPU] = "cpu", [STALL_MEMORY] = "memory", [STALL_IO] = "io", NULL};

struct budget_target {
	enum budget budget;
	struct budget_setting setting;
};

static int read_limit(struct reader *reader, const struct json *node, const struct key *key)
{
	struct budget_target *target = reader->target;
	enum unit unit = budget_kinds[target->budget].unit;
	uint64_t limit;
	int r = read_amount(reader, node, unit, &limit);

	(void)key;
	if (r < 0)
		return r;
	if (unit == UNIT_COUNT && limit > PIDS_LIMIT_MAX)
		return refuse(reader, node, "the kernel knows no more than %d processes", PIDS_LIMIT_MAX);
	target->setting.limit = (struct setting){limit, reader->from};
	return 0;
}

static int read_per(struct reader *reader, const struct json *node, const struct key *key)
{
	struct budget_target *target = reader->target;
	uint64_t per;
	int r;

	(void)key;
	if (budget_is_network(target->budget))
		return refuse(reader, node, "the budget %s is an absolute amount and has no \"per\"; bytes a second are "
					    "\"bandwidth\" of network.%s", budget_kinds[target->budget].name,
			      target->budget == BUDGET_NET_INGRESS ? "ingress" : "egress");
	if (!budget_kinds[target->budget].rate)
		return refuse(reader, node, "the budget %s is an absolute amount and has no \"per\"; "
					    "cpuRate and stall are rates", budget_kinds[target->budget].name);
	r = read_amount(reader, node, UNIT_DURATION, &per);
	if (r == 0)
		target->setting.rate_per = (struct setting){per, reader->from};
	return r;
}

static int read_action(struct reader *reader, const struct json *node, const struct key *key)
{
	struct budget_target *target = reader->target;
	const char *names[ACTION_COUNT + 1] = {NULL};
	int action;

	(void)key;
	memcpy(names, action_names, sizeof action_names);
	action = read_choice(reader, node, "action", names);
	if (action < 0)
		return action;
	if (action == ACTION_CUT && !budget_is_network(target->budget))
		return refuse(reader, node, "cut means nothing for the budget %s: only bytes on the network can be cut off",
			      budget_kinds[target->budget].name);
	if (meaningless[target->budget].actions & ACTION(action))
		return refuse(reader, node, "%s means nothing for the budget %s: %s", names[action],
			      budget_kinds[target->budget].name, meaningless[target->budget].why);
	target->setting.action = (struct setting){(uint64_t)action, reader->from};
	return 0;
}

static int read_grace(struct reader *reader, const struct json *node, const struct key *key)
{
	struct budget_target *target = reader->target;
	uint64_t grace;
	int r = read_amount(reader, node, UNIT_DURATION, &grace);

	(void)key;
	if (r == 0)
		target->setting.grace_ns = (struct setting){grace, reader->from};
	return r;
}

static int read_warn(struct reader *reader, const struct json *node, const struct key *key)
{
	struct budget_target *target = reader->target;
	uint64_t percent;
	int r = read_amount(reader, node, UNIT_PERCENT, &percent);

	(void)key;
	if (r == 0)
		target->setting.warn = (struct setting){percent, reader->from};
	return r;
}

static int read_throttle_to(struct reader *reader, const struct json *node, const struct key *key)
{
	struct budget_target *target = reader->target;
	uint64_t rate;
	int r;

	(void)key;
	if (!budget_is_network(target->budget))
		return refuse(reader, node, "only bytes on the network are throttled to a rate");
	r = read_per_second(reader, node, UNIT_SIZE, "64KiB/s", &rate);
	if (r == 0)
		target->setting.throttle_to = (struct setting){rate, reader->from};
	return r;
}

static int read_stall_resource(struct reader *reader, const struct json *node, const struct key *key)
{
	struct budget_target *target = reader->target;
	int resource;

	(void)key;
	if (target->budget != BUDGET_STALL)
		return refuse(reader, node, "only the budget stall has a \"resource\"");
	resource = read_choice(reader, node, "resource", stall_names);
	if (resource >= 0)
		target->setting.stall_resource = (struct setting){(uint64_t)resource, reader->from};
	return resource < 0 ? resource : 0;
}

static const struct key budget_keys[] = {
	{.name = "limit", .types = TYPE(JSON_STRING) | TYPE(JSON_NUMBER), .read = read_limit},
	{.name = "per", .types = TYPE(JSON_STRING), .read = read_per},
	{.name = "warn", .types = TYPE(JSON_STRING), .read = read_warn},
	{.name = "action", .types = TYPE(JSON_STRING), .read = read_action},
	{.name = "grace", .types = TYPE(JSON_STRING), .read = read_grace},
	{.name = "throttleTo", .types = TYPE(JSON_STRING), .read = read_throttle_to},
	{.name = "resource", .types = TYPE(JSON_STRING), .read = read_stall_resource},
};

/* What its keys must be to each other. */
static int check_budget(const struct reader *reader, const struct json *node, const struct budget_target *target)
{
	const struct budget_setting *setting = &target->setting;
	const struct budget_kind *kind = &budget_kinds[target->budget];

	if (setting->limit.value == UNSET)
		return refuse(reader, node, "the budget %s needs a \"limit\"", kind->name);
	if (kind->rate && setting->rate_per.value == UNSET)
		return refuse(reader, node, "the budget %s is a rate and needs \"per\", as in \"limit\": \"30s\", "
					    "\"per\": \"1m\"", kind->name);
	if (setting->grace_ns.value != UNSET && setting->action.value != ACTION_TERM)
		return refuse(reader, json_get(node, "grace"),
			      "only the action term has a grace, before it kills; this budget's action is %s",
			      action_names[setting->action.value == UNSET ? ACTION_KILL : setting->action.value]);
	if (setting->throttle_to.value != UNSET && setting->action.value != ACTION_THROTTLE)
		return refuse(reader, json_get(node, "throttleTo"), "only the action throttle lets some pass when the budget is "
								   "spent; this budget's action is %s",
			      action_names[setting->action.value == UNSET ? ACTION_KILL : setting->action.value]);
	if (target->budget != BUDGET_STALL)
		return 0;
	if (setting->stall_resource.value == UNSET)
		return refuse(reader, node, "the budget stall needs a \"resource\": cpu, memory or io");
	if (setting->limit.value > setting->rate_per.value)
		return refuse(reader, json_get(node, "limit"),
			      "impossible limit: nothing can stall for longer than the time it is measured in");
	return 0;
}

static int read_budget(struct reader *reader, const struct json *node, const struct key *key)
{
	struct budget_setting *budgets = reader->target;
	struct budget_target target = {.budget = (enum budget)key->offset, .setting = budgets[key->offset]};
	struct reader inner = *reader;
	int r;

	inner.target = &target;
	r = read_object(&inner, node, budget_keys, ARRAY_SIZE(budget_keys));
	if (r == 0)
		r = check_budget(&inner, node, &target);
	if (r < 0)
		return r;
	/* Who writes a budget without an action asks for the default one: no other source may loosen it. */
	if (target.setting.action.value == UNSET)
		target.setting.action = (struct setting){ACTION_KILL, reader->from};
	if (budget_is_network(target.budget) && target.setting.action.value == ACTION_THROTTLE &&
	    target.setting.throttle_to.value == UNSET)
		target.setting.throttle_to = (struct setting){NETWORK_THROTTLE_DEFAULT, reader->from};
	if (target.setting.rate_per.value != UNSET)
		target.setting.rate_limit = target.setting.limit.value;
	budgets[target.budget] = target.setting;
	return 0;
}

int parse_budgets(struct reader *reader, const struct json *node, struct budget_setting budgets[BUDGET_COUNT])
{
	struct key keys[BUDGET_COUNT];
	struct reader inner = *reader;

	inner.target = budgets;
	for (size_t b = 0; b < BUDGET_COUNT; b++)
		keys[b] = (struct key){.name = budget_kinds[b].name, .types = TYPE(JSON_OBJECT),
				       .read = read_budget, .offset = b};
	return read_object(&inner, node, keys, BUDGET_COUNT);
}
