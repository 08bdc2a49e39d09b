/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The meet of two profiles, and the operator's override of one. */
#include "lib/profile/compose.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/profile/internal.h"

/* Of two sources that say the same. */
static const char *first_name(const char *a, const char *b)
{
	if (!a || !b)
		return a ? a : b;
	return strcmp(a, b) <= 0 ? a : b;
}

static struct setting lower(struct setting a, struct setting b)
{
	if (a.value == b.value)
		return (struct setting){a.value, first_name(a.from, b.from)};
	return a.value < b.value ? a : b; /* UNSET is above all */
}

static struct setting higher(struct setting a, struct setting b)
{
	if (a.value == UNSET || b.value == UNSET || a.value == b.value)
		return lower(a, b);
	return a.value > b.value ? a : b;
}

/* A pair as a fraction, of which the lower is stricter. */
struct fraction {
	uint64_t over, under;
	const char *from;
};

/* Equal fractions written differently are put in an order too: the result may not depend on ours. */
static bool a_comes_first(const struct fraction *a, const struct fraction *b)
{
	unsigned __int128 left = (unsigned __int128)a->over * b->under, right = (unsigned __int128)b->over * a->under;

	if (left != right)
		return left < right;
	if (a->under != b->under)
		return a->under < b->under;
	return first_name(a->from, b->from) == a->from;
}

/* An amount without `per` is given once and never again: slower than any rate. */
static struct fraction rate_of(const struct budget_setting *budget)
{
	if (budget->rate_per.value == UNSET)
		return (struct fraction){0, 1, NULL};
	return (struct fraction){budget->rate_limit, budget->rate_per.value, budget->rate_per.from};
}

static void meet_rate(const struct budget_setting *a, const struct budget_setting *b, struct budget_setting *ret)
{
	struct fraction rate_a = rate_of(a), rate_b = rate_of(b);
	const struct budget_setting *slower = a_comes_first(&rate_a, &rate_b) ? a : b;

	if (a->limit.value == UNSET || b->limit.value == UNSET)
		slower = a->limit.value == UNSET ? b : a;
	ret->rate_limit = slower->rate_limit;
	ret->rate_per = slower->rate_per;
}

/* Only `term` has a grace, and without one it has none: that is the shortest. */
static struct setting meet_grace(const struct budget_setting *a, const struct budget_setting *b, uint64_t action)
{
	static const struct setting none = {UNSET, NULL};

	if (action != ACTION_TERM)
		return none;
	if (a->action.value != ACTION_TERM || b->action.value != ACTION_TERM)
		return a->action.value == ACTION_TERM ? a->grace_ns : b->grace_ns;
	if (a->grace_ns.value == UNSET || b->grace_ns.value == UNSET)
		return none;
	return lower(a->grace_ns, b->grace_ns);
}

static int conflict(const char *what, const char *from_a, const char *from_b, struct error *err)
{
	const char *first = first_name(from_a, from_b);

	return error_set(err, ENOTSUP,
			 "compose %s of %s and of %s: they differ, and this version cannot make one of two; "
			 "leave it out of one of them", what, first, first == from_a ? from_b : from_a);
}

static int meet_budget(enum budget budget, const struct budget_setting *a, const struct budget_setting *b,
		       struct budget_setting *ret, struct error *err)
{
	const struct setting *resource_a = &a->stall_resource, *resource_b = &b->stall_resource;
	char what[64];

	if (resource_a->value != UNSET && resource_b->value != UNSET && resource_a->value != resource_b->value) {
		(void)snprintf(what, sizeof what, "the resource of the budget %s", budget_kinds[budget].name);
		return conflict(what, resource_a->from, resource_b->from, err);
	}
	ret->limit = lower(a->limit, b->limit);
	meet_rate(a, b, ret);
	ret->action = higher(a->action, b->action);
	ret->grace_ns = meet_grace(a, b, ret->action.value);
	ret->warn = lower(a->warn, b->warn);
	if (ret->action.value == ACTION_THROTTLE)
		ret->throttle_to = lower(a->throttle_to, b->throttle_to);
	ret->stall_resource = lower(*resource_a, *resource_b);
	return 0;
}

static void meet_quota(const struct resources *a, const struct resources *b, struct resources *ret)
{
	struct fraction quota_a = {a->cpu_quota.value, a->cpu_period.value, a->cpu_quota.from};
	struct fraction quota_b = {b->cpu_quota.value, b->cpu_period.value, b->cpu_quota.from};
	const struct resources *slower;

	if (a->cpu_quota.value == UNSET && b->cpu_quota.value == UNSET) {
		ret->cpu_period = lower(a->cpu_period, b->cpu_period);
		return;
	}
	if (quota_a.under == UNSET)
		quota_a.under = CPU_PERIOD_DEFAULT_US;
	if (quota_b.under == UNSET)
		quota_b.under = CPU_PERIOD_DEFAULT_US;
	if (a->cpu_quota.value == UNSET || b->cpu_quota.value == UNSET)
		slower = a->cpu_quota.value == UNSET ? b : a;
	else
		slower = a_comes_first(&quota_a, &quota_b) ? a : b;
	ret->cpu_quota = slower->cpu_quota;
	ret->cpu_period = slower->cpu_period.value != UNSET ?
		slower->cpu_period : (struct setting){CPU_PERIOD_DEFAULT_US, slower->cpu_quota.from};
}

/* What is left is everybody's doing, so all are named: any choice among them would depend on order. */
static int meet_set(const char *what, const struct cpu_set *a, const struct cpu_set *b, struct cpu_set *ret,
		    struct error *err)
{
	uint64_t any = 0;

	if (!a->set || !b->set) {
		*ret = a->set ? *a : *b;
		return 0;
	}
	for (int i = 0; i < CPU_SET_WORDS; i++)
		any |= ret->bits[i] = a->bits[i] & b->bits[i];
	ret->set = true;
	ret->from = intern_both(a->from, b->from);
	if (!any)
		return error_set(err, EINVAL, "compose the %s of %s and of %s: they have none in common", what, a->from,
				 b->from);
	return ret->from ? 0 : error_set(err, ENOMEM, "compose the %s: out of memory", what);
}

static int meet_resources(const struct resources *a, const struct resources *b, struct resources *ret,
			  struct error *err)
{
	int r;

	ret->cpu_shares = lower(a->cpu_shares, b->cpu_shares);
	meet_quota(a, b, ret);
	ret->memory_limit = lower(a->memory_limit, b->memory_limit);
	ret->memory_reservation = lower(a->memory_reservation, b->memory_reservation);
	ret->memory_swap = lower(a->memory_swap, b->memory_swap);
	ret->pids_limit = lower(a->pids_limit, b->pids_limit);
	r = meet_set("CPUs", &a->cpus, &b->cpus, &ret->cpus, err);
	return r < 0 ? r : meet_set("memory nodes", &a->mems, &b->mems, &ret->mems, err);
}

static int meet_capabilities(const struct capability_setting *a, const struct capability_setting *b,
			     struct capability_setting *ret, struct error *err)
{
	if (!a->set || !b->set) {
		*ret = a->set ? *a : *b;
		return 0;
	}
	*ret = (struct capability_setting){true, a->mask & b->mask, intern_both(a->from, b->from)};
	return ret->from ? 0 : error_set(err, ENOMEM, "compose the capabilities: out of memory");
}

int nodes_union(const struct json *const *a, unsigned count_a, const struct json *const *b, unsigned count_b,
		const struct json **ret, unsigned max)
{
	unsigned count = 0;

	for (unsigned i = 0, k = 0; i < count_a || k < count_b;) {
		int order = i == count_a ? 1 : k == count_b ? -1 : json_order(a[i], b[k]);

		if (count == max)
			return -E2BIG;
		ret[count++] = order <= 0 ? a[i] : b[k];
		i += order <= 0;
		k += order >= 0;
	}
	return (int)count;
}

/* All of both. */
static int meet_objects(const struct seccomp_setting *a, const struct seccomp_setting *b, struct seccomp_setting *ret,
			struct error *err)
{
	struct seccomp_setting met = {.kind = SECCOMP_OBJECT};
	int count = nodes_union(a->objects, a->count, b->objects, b->count, met.objects, SECCOMP_OBJECTS_MAX);

	if (count < 0)
		return error_set(err, E2BIG, "compose the seccomp filters: there are more than %d", SECCOMP_OBJECTS_MAX);
	met.count = (unsigned)count;
	met.from = intern_both(a->from, b->from);
	*ret = met;
	return met.from ? 0 : error_set(err, ENOMEM, "compose the seccomp filters: out of memory");
}

static const char *default_from(const struct seccomp_setting *seccomp)
{
	return seccomp->kind == SECCOMP_DEFAULT ? seccomp->from : seccomp->default_from;
}

static int meet_seccomp(const struct seccomp_setting *a, const struct seccomp_setting *b,
			struct seccomp_setting *ret, struct error *err)
{
	int r = 0;

	if ((a->kind == SECCOMP_LEARNED && b->kind == SECCOMP_OBJECT) || (a->kind == SECCOMP_OBJECT && b->kind == SECCOMP_LEARNED))
		return conflict("the seccomp filters", a->from, b->from, err);
	if (a->kind == SECCOMP_OBJECT && b->kind == SECCOMP_OBJECT)
		r = meet_objects(a, b, ret, err);
	else if (a->kind == b->kind)
		*ret = first_name(a->from, b->from) == a->from ? *a : *b;
	else
		*ret = a->kind > b->kind ? *a : *b;
	if (r == 0 && ret->kind == SECCOMP_OBJECT)
		ret->default_from = first_name(default_from(a), default_from(b));
	return r;
}

static void meet_new_connections(const struct network_setting *a, const struct network_setting *b, struct network_setting *ret)
{
	struct fraction rate_a = {a->new_connections, a->new_connections_ns.value, a->new_connections_ns.from};
	struct fraction rate_b = {b->new_connections, b->new_connections_ns.value, b->new_connections_ns.from};
	const struct network_setting *slower;

	if (rate_a.under == UNSET || rate_b.under == UNSET)
		slower = rate_a.under == UNSET ? b : a;
	else
		slower = a_comes_first(&rate_a, &rate_b) ? a : b;
	ret->new_connections = slower->new_connections;
	ret->new_connections_ns = slower->new_connections_ns;
	ret->new_connections_at_once = lower(a->new_connections_at_once, b->new_connections_at_once);
}

/* What passes both passes all layers of both. */
static int meet_network(const struct network_setting *a, const struct network_setting *b, struct network_setting *ret,
			struct error *err)
{
	int count = nodes_union(a->layers, a->count, b->layers, b->count, ret->layers, NETWORK_LAYERS_MAX);

	if (count < 0)
		return error_set(err, E2BIG, "compose the network rules of %s and of %s: there are more than %d layers", a->from, b->from,
				 NETWORK_LAYERS_MAX);
	ret->count = (unsigned)count;
	ret->from = intern_both(a->from, b->from);
	if (count && !ret->from)
		return error_set(err, ENOMEM, "compose the network rules: out of memory");
	ret->bandwidth = lower(a->bandwidth, b->bandwidth);
	ret->connections = lower(a->connections, b->connections);
	meet_new_connections(a, b, ret);
	return 0;
}

static int meet_node(const char *what, const struct json *a, const char *from_a, const struct json *b,
		     const char *from_b, const struct json **ret, const char **ret_from, struct error *err)
{
	bool second = !a || (b && first_name(from_a, from_b) != from_a);

	if (a && b && !json_equal(a, b))
		return conflict(what, from_a, from_b, err);
	*ret = second ? b : a;
	*ret_from = second ? from_b : from_a;
	return 0;
}

int profile_meet(const struct profile *a, const struct profile *b, struct profile *ret, struct error *err)
{
	struct profile met;
	int r = 0;

	profile_init(&met, a->name);
	for (int i = 0; i < BUDGET_COUNT && r == 0; i++)
		r = meet_budget((enum budget)i, &a->budgets[i], &b->budgets[i], &met.budgets[i], err);
	if (r == 0)
		r = meet_resources(&a->resources, &b->resources, &met.resources, err);
	if (r == 0)
		r = meet_capabilities(&a->capabilities, &b->capabilities, &met.capabilities, err);
	met.no_new_privileges = lower(a->no_new_privileges, b->no_new_privileges);
	met.record = lower(a->record, b->record);
	if (r == 0)
		r = meet_seccomp(&a->seccomp, &b->seccomp, &met.seccomp, err);
	for (int d = 0; d < NET_DIRECTIONS && r == 0; d++)
		r = meet_network(&a->network[d], &b->network[d], &met.network[d], err);
	if (r == 0)
		r = meet_node("the baselines", a->baseline, a->baseline_from, b->baseline, b->baseline_from,
			      &met.baseline, &met.baseline_from, err);
	if (r == 0)
		*ret = met;
	return r;
}

static void replace(struct setting *setting, const struct setting *over)
{
	if (over->value != UNSET)
		*setting = *over;
}

static void override_budget(struct budget_setting *budget, const struct budget_setting *over)
{
	if (over->limit.value != UNSET) {
		budget->limit = over->limit;
		budget->rate_limit = over->rate_limit;
		budget->rate_per = over->rate_per;
	}
	replace(&budget->action, &over->action);
	replace(&budget->grace_ns, &over->grace_ns);
	replace(&budget->warn, &over->warn);
	replace(&budget->stall_resource, &over->stall_resource);
	replace(&budget->throttle_to, &over->throttle_to);
	if (budget->action.value != ACTION_TERM)
		budget->grace_ns = (struct setting){UNSET, NULL};
	if (budget->action.value != ACTION_THROTTLE)
		budget->throttle_to = (struct setting){UNSET, NULL};
}

static void override_resources(struct resources *resources, const struct resources *over)
{
	replace(&resources->cpu_shares, &over->cpu_shares);
	if (over->cpu_quota.value != UNSET) {
		resources->cpu_quota = over->cpu_quota;
		resources->cpu_period = over->cpu_period;
	}
	if (over->cpus.set)
		resources->cpus = over->cpus;
	if (over->mems.set)
		resources->mems = over->mems;
	replace(&resources->memory_limit, &over->memory_limit);
	replace(&resources->memory_reservation, &over->memory_reservation);
	replace(&resources->memory_swap, &over->memory_swap);
	replace(&resources->pids_limit, &over->pids_limit);
}

void profile_override(struct profile *profile, const struct profile *over)
{
	for (int i = 0; i < BUDGET_COUNT; i++)
		override_budget(&profile->budgets[i], &over->budgets[i]);
	override_resources(&profile->resources, &over->resources);
	if (over->capabilities.set)
		profile->capabilities = over->capabilities;
	replace(&profile->no_new_privileges, &over->no_new_privileges);
	replace(&profile->record, &over->record);
	if (over->seccomp.kind != SECCOMP_UNSET)
		profile->seccomp = over->seccomp;
	for (int d = 0; d < NET_DIRECTIONS; d++)
		if (network_asks(&over->network[d]))
			profile->network[d] = over->network[d];
	if (over->baseline) {
		profile->baseline = over->baseline;
		profile->baseline_from = over->baseline_from;
	}
}
