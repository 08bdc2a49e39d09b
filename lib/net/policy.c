/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/net/policy.h"

#include <netinet/in.h>

#include "lib/base/cleanup.h"

void net_layer_clear(struct net_layer *layer)
{
	for (size_t i = 0; i < layer->name_count; i++)
		free(layer->names[i].name);
	free(layer->names);
	free(layer->allow);
	free(layer->deny);
	*layer = (struct net_layer){0};
}

void net_policy_clear(struct net_policy *policy)
{
	for (int d = 0; d < NET_DIRECTIONS; d++) {
		struct net_direction *direction = &policy->direction[d];

		for (size_t i = 0; i < direction->layer_count; i++)
			net_layer_clear(&direction->layers[i]);
		free(direction->layers);
	}
	*policy = (struct net_policy){0};
}

bool net_policy_asks(const struct net_policy *policy)
{
	for (int d = 0; d < NET_DIRECTIONS; d++) {
		const struct net_direction *direction = &policy->direction[d];

		if (direction->layer_count || direction->bandwidth || direction->new_connections || direction->connections)
			return true;
	}
	for (int q = 0; q < NET_QUOTAS; q++)
		if (policy->quotas[q].set)
			return true;
	return false;
}

bool net_policy_has_names(const struct net_policy *policy)
{
	const struct net_direction *egress = &policy->direction[NET_EGRESS];

	for (size_t i = 0; i < egress->layer_count; i++)
		if (egress->layers[i].name_count)
			return true;
	return false;
}

bool net_policy_hears_answers(const struct net_policy *policy)
{
	return policy->record.set || net_policy_has_names(policy);
}

bool net_match_is_for_names(const struct net_match *match)
{
	enum { DOMAIN_PORT = 53 };

	return (match->protocol == IPPROTO_UDP || match->protocol == IPPROTO_TCP) && match->first == DOMAIN_PORT &&
	       match->last == DOMAIN_PORT;
}
