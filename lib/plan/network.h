/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The network part of a plan: whether its rules hold in this container's network namespace, what the container may not keep so
 * that they do, and what they come to. */
#ifndef STINT_PLAN_NETWORK_H
#define STINT_PLAN_NETWORK_H

#include "lib/plan/plan.h"

/* Whose rules hold for the container. */
enum network_holder {
	NETWORK_OWN,	 /* its own: the namespace is made for it */
	NETWORK_SHARED,	 /* its own, but only of what its own sockets send and get: the namespace is others', too */
	NETWORK_SANDBOX, /* those of the pod's sandbox, whose namespace it joins */
	NETWORK_NOBODY,	 /* none can */
};
struct network_place {
	enum network_holder holder;
	const char *why; /* of NETWORK_NOBODY */
};
static inline bool network_has_own_rules(const struct network_place *place)
{
	return place->holder == NETWORK_OWN || place->holder == NETWORK_SHARED;
}

/* `network`: one of workload_networks. `kept`: the capabilities that the container has in the end. A container's sockets are told from
 * others' by its v2 group, which it has beside v1's controllers too where it is started by us. */
struct network_place plan_network_place(const struct json *config, const struct cgroup_layout *layout, enum plan_mode mode,
					const char *network, uint64_t kept);

/* The capabilities of the config that are left to it when the profile asks something of the network: CAP_NET_ADMIN and
 * CAP_NET_RAW only where the profile's own `capabilities` name them. */
uint64_t plan_network_capabilities(const struct profile *profile, const struct profile *config);

/*
 * Before the config's own limits are met: takes CAP_NET_ADMIN and CAP_NET_RAW from a container that has network rules or
 * budgets, and where the profile keeps one on purpose, adds the filter by which it cannot go where the rules are not:
 * no packet sockets, which send past them, and no other network or user namespace.
 */
int plan_network_privileges(const struct json *config, const struct profile *own, struct plan *plan, struct error *err);

/* plan->network, of plan->effective as it can be enforced; and that its endpoints are recorded, where the run is and `place` says that
 * the namespace is the container's own. */
int plan_network_resolve(const struct host *host, const struct host_config *host_config, const struct json *config,
			 const char *bundle, const struct network_place *place, struct plan *plan, struct error *err);

#endif
