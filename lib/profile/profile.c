/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The model of a profile: nothing asked, and one budget set from a text. */
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/profile/internal.h"

static const struct setting unset = {UNSET, NULL};

void profile_init(struct profile *profile, const char *name)
{
	*profile = (struct profile){
		.name = name ? name : "profile",
		.resources = {.cpu_shares = unset, .cpu_quota = unset, .cpu_period = unset, .memory_limit = unset,
			      .memory_reservation = unset, .memory_swap = unset, .pids_limit = unset},
		.no_new_privileges = unset,
		.record = unset,
		.seccomp = {.kind = SECCOMP_UNSET},
	};
	for (int d = 0; d < NET_DIRECTIONS; d++)
		profile->network[d] = (struct network_setting){
			.bandwidth = unset, .new_connections_ns = unset, .new_connections_at_once = unset, .connections = unset,
		};
	for (int b = 0; b < BUDGET_COUNT; b++)
		profile->budgets[b] = (struct budget_setting){
			.limit = unset, .rate_per = unset, .action = unset,
			.grace_ns = unset, .warn = unset, .stall_resource = unset, .throttle_to = unset,
		};
}

bool network_asks(const struct network_setting *network)
{
	return network->count || network->bandwidth.value != UNSET || network->new_connections_ns.value != UNSET ||
	       network->connections.value != UNSET;
}

bool profile_asks_network(const struct profile *profile)
{
	for (int d = 0; d < NET_DIRECTIONS; d++)
		if (network_asks(&profile->network[d]))
			return true;
	for (int b = 0; b < BUDGET_COUNT; b++)
		if (budget_is_network((enum budget)b) && budget_kinds[b].enforced && profile->budgets[b].limit.value != UNSET)
			return true;
	return false;
}

bool profile_name_valid(const char *name)
{
	static const char first[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	size_t length = strlen(name);

	if (length == 0 || length > PROFILE_NAME_MAX || strspn(name, first) == 0)
		return false;
	for (; *name; name++)
		if (!strchr(first, *name) && !strchr("_.-", *name))
			return false;
	return true;
}

static int unknown_budget(const char *name, const char *from, struct error *err)
{
	const char *names[BUDGET_COUNT + 1] = {NULL}, *nearest;

	for (int b = 0; b < BUDGET_COUNT; b++)
		names[b] = budget_kinds[b].name;
	nearest = nearest_name(name, names);
	if (nearest)
		return error_set(err, EINVAL, "%s: there is no budget \"%.64s\"; did you mean %s?", from, name,
				 nearest);
	return error_set(err, EINVAL, "%s: there is no budget \"%.64s\"; there are wall, cpu, cpuRate, memory, "
				      "memoryTime, pids, ioRead, ioWrite, netEgress, netIngress, netEgressInternet, idle and stall",
			 from, name);
}

/* "30s/1m" in two; without a slash *ret_per stays NULL. */
static int split_rate(const char *value, char text[128], const char **ret_per, const char *from, struct error *err)
{
	char *slash;

	if (strlen(value) >= 128)
		return error_set(err, EINVAL, "%s: \"%.60s…\" is too long for a limit", from, value);
	memcpy(text, value, strlen(value) + 1);
	slash = strchr(text, '/');
	if (slash) {
		*slash = '\0';
		*ret_per = slash + 1;
	}
	return 0;
}

/* Same bounds as for a profile's own: what the kernel would refuse is refused here. */
static int check_limit(const struct budget_kind *kind, uint64_t limit, bool has_per, const char *from,
		       struct error *err)
{
	if (kind->rate && !has_per)
		return error_set(err, EINVAL, "%s: the budget %s is a rate; say per how long, as in \"30s/1m\"", from,
				 kind->name);
	if (!kind->rate && has_per)
		return error_set(err, EINVAL, "%s: the budget %s is no rate; give the limit alone, without \"/\"", from,
				 kind->name);
	if (kind->unit == UNIT_COUNT && limit > PIDS_LIMIT_MAX)
		return error_set(err, EINVAL, "%s: the kernel knows no more than %d processes", from, PIDS_LIMIT_MAX);
	return 0;
}

int profile_set_budget(struct profile *profile, const char *name, const char *value, const char *from,
		       struct error *err)
{
	int budget = budget_from_name(name), r;
	struct budget_setting *setting;
	const char *per_text = NULL, *source;
	uint64_t limit, per = UNSET;
	char text[128];

	if (budget < 0)
		return unknown_budget(name, from, err);
	setting = &profile->budgets[budget];
	r = split_rate(value, text, &per_text, from, err);
	if (r < 0)
		return r;
	r = unit_parse(budget_kinds[budget].unit, text, &limit, err);
	if (r == 0 && per_text)
		r = unit_parse(UNIT_DURATION, per_text, &per, err);
	if (r < 0) {
		(void)error_prefix(err, "%s", from);
		return r;
	}
	r = check_limit(&budget_kinds[budget], limit, per_text != NULL, from, err);
	if (r < 0)
		return r;
	if (budget == BUDGET_STALL && limit > per)
		return error_set(err, EINVAL, "%s: the limit is longer than the time it is measured in", from);
	source = intern(from);
	if (!source)
		return error_set(err, ENOMEM, "%s: out of memory", from);
	setting->limit = (struct setting){limit, source};
	setting->rate_limit = per_text ? limit : 0;
	setting->rate_per = per_text ? (struct setting){per, source} : unset;
	return 0;
}
