/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is one profile at least as strict as another? Written from the meaning of each field and shares
 * nothing with the meet, so that each can be tested by the other.
 */
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/profile/compose.h"
#include "lib/profile/internal.h"

/* For everything where less is stricter. */
static bool at_most(const struct setting *a, const struct setting *b)
{
	return b->value == UNSET || (a->value != UNSET && a->value <= b->value);
}

/* a ÷ a_per ≤ b ÷ b_per, without rounding. */
static bool rate_at_most(uint64_t a, uint64_t a_per, uint64_t b, uint64_t b_per)
{
	return (unsigned __int128)a * b_per <= (unsigned __int128)b * a_per;
}

static bool refills_no_faster(const struct budget_setting *a, const struct budget_setting *b)
{
	if (a->rate_per.value == UNSET)
		return true; /* it never refills */
	if (b->rate_per.value == UNSET)
		return false;
	return rate_at_most(a->rate_limit, a->rate_per.value, b->rate_limit, b->rate_per.value);
}

static bool acts_as_hard(const struct budget_setting *a, const struct budget_setting *b)
{
	uint64_t action = a->action.value == UNSET ? ACTION_KILL : a->action.value;
	uint64_t grace_a = a->grace_ns.value == UNSET ? 0 : a->grace_ns.value;
	uint64_t grace_b = b->grace_ns.value == UNSET ? 0 : b->grace_ns.value;

	if (b->action.value == UNSET)
		return true;
	if (action != b->action.value)
		return action > b->action.value;
	if (action == ACTION_THROTTLE && b->throttle_to.value != UNSET && a->throttle_to.value > b->throttle_to.value)
		return false;
	return action != ACTION_TERM || grace_a <= grace_b;
}

static bool budget_as_strict(const struct budget_setting *a, const struct budget_setting *b)
{
	if (b->limit.value == UNSET)
		return true;
	if (!at_most(&a->limit, &b->limit) || !refills_no_faster(a, b) || !acts_as_hard(a, b))
		return false;
	if (b->stall_resource.value != UNSET && a->stall_resource.value != b->stall_resource.value)
		return false;
	return at_most(&a->warn, &b->warn);
}

static bool subset(const struct cpu_set *a, const struct cpu_set *b)
{
	if (!b->set)
		return true;
	for (int i = 0; i < CPU_SET_WORDS; i++)
		if (a->bits[i] & ~b->bits[i])
			return false;
	return a->set;
}

static uint64_t period_of(const struct resources *resources)
{
	return resources->cpu_period.value == UNSET ? CPU_PERIOD_DEFAULT_US : resources->cpu_period.value;
}

static bool resources_as_strict(const struct resources *a, const struct resources *b)
{
	if (b->cpu_quota.value != UNSET &&
	    (a->cpu_quota.value == UNSET ||
	     !rate_at_most(a->cpu_quota.value, period_of(a), b->cpu_quota.value, period_of(b))))
		return false;
	return at_most(&a->cpu_shares, &b->cpu_shares) && at_most(&a->memory_limit, &b->memory_limit) &&
	       at_most(&a->memory_reservation, &b->memory_reservation) && at_most(&a->memory_swap, &b->memory_swap) &&
	       at_most(&a->pids_limit, &b->pids_limit) && subset(&a->cpus, &b->cpus) && subset(&a->mems, &b->mems);
}

static bool has_objects(const struct seccomp_setting *a, const struct seccomp_setting *b)
{
	for (unsigned i = 0; i < b->count; i++) {
		bool found = false;

		for (unsigned k = 0; k < a->count && !found; k++)
			found = json_equal(a->objects[k], b->objects[i]);
		if (!found)
			return false;
	}
	return true;
}

static bool seccomp_as_strict(const struct seccomp_setting *a, const struct seccomp_setting *b)
{
	switch (b->kind) {
	case SECCOMP_UNSET:
		return true;
	case SECCOMP_UNCONFINED:
		return a->kind != SECCOMP_UNSET;
	case SECCOMP_DEFAULT:
		return a->kind == SECCOMP_OBJECT ? a->default_from != NULL : a->kind >= SECCOMP_DEFAULT;
	case SECCOMP_OBJECT:
		return a->kind == SECCOMP_OBJECT && has_objects(a, b) && (a->default_from || !b->default_from);
	default:
		return a->kind == b->kind;
	}
}

/* Every entry of `few`, which is sorted as `many` is, is in `many`. */
static bool all_in(const struct json *few, const struct json *many)
{
	const struct json *at = many ? many->first : NULL;

	json_each(entry, few) {
		while (at && strcmp(at->text, entry->text) < 0)
			at = at->next;
		if (!at || strcmp(at->text, entry->text) != 0)
			return false;
	}
	return true;
}

static bool allows(const struct json *layer)
{
	return strcmp(json_string(json_get(layer, "default")), "allow") == 0;
}

/* By what is written: an entry that another covers is not looked for. */
static bool layer_as_strict(const struct json *a, const struct json *b)
{
	const struct json *allow = json_get(a, "allow");

	if (!allows(a) && !allow)
		return true; /* nothing passes */
	return allows(a) == allows(b) && all_in(allow, json_get(b, "allow")) && all_in(json_get(b, "deny"), json_get(a, "deny"));
}

static bool network_as_strict(const struct network_setting *a, const struct network_setting *b)
{
	for (unsigned i = 0; i < b->count; i++) {
		bool found = false;

		for (unsigned k = 0; k < a->count && !found; k++)
			found = layer_as_strict(a->layers[k], b->layers[i]);
		if (!found)
			return false;
	}
	if (b->new_connections_ns.value != UNSET &&
	    (a->new_connections_ns.value == UNSET ||
	     !rate_at_most(a->new_connections, a->new_connections_ns.value, b->new_connections, b->new_connections_ns.value)))
		return false;
	return at_most(&a->new_connections_at_once, &b->new_connections_at_once) && at_most(&a->bandwidth, &b->bandwidth) &&
	       at_most(&a->connections, &b->connections);
}

bool profile_at_least_as_strict(const struct profile *a, const struct profile *b)
{
	for (int i = 0; i < BUDGET_COUNT; i++)
		if (!budget_as_strict(&a->budgets[i], &b->budgets[i]))
			return false;
	if (!resources_as_strict(&a->resources, &b->resources))
		return false;
	if (b->capabilities.set && (!a->capabilities.set || (a->capabilities.mask & ~b->capabilities.mask)))
		return false;
	if (b->record.value != UNSET && a->record.value != 1)
		return false;
	if (b->no_new_privileges.value != UNSET && a->no_new_privileges.value != 1)
		return false;
	if (!seccomp_as_strict(&a->seccomp, &b->seccomp))
		return false;
	for (int d = 0; d < NET_DIRECTIONS; d++)
		if (!network_as_strict(&a->network[d], &b->network[d]))
			return false;
	return !b->baseline || json_equal(a->baseline, b->baseline);
}
