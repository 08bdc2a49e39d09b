/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/net/packet.h"

#include "lib/net/prefix.h"

bool net_match_passes(const struct net_match *match, const struct net_packet *packet)
{
	if (!net_prefix_has(&match->prefix, packet->family, packet->address))
		return false;
	if (match->protocol == 0)
		return true;
	if (match->protocol != packet->protocol)
		return false;
	return (match->first == 0 && match->last == UINT16_MAX) ||
	       (packet->port >= match->first && packet->port <= match->last);
}

static bool any_passes(const struct net_match *matches, size_t count, const struct net_packet *packet)
{
	for (size_t i = 0; i < count; i++)
		if (net_match_passes(&matches[i], packet))
			return true;
	return false;
}

bool net_layer_passes(const struct net_layer *layer, const struct net_packet *packet)
{
	if (any_passes(layer->allow, layer->allow_count, packet))
		return true;
	return layer->allow_by_default && !any_passes(layer->deny, layer->deny_count, packet);
}

bool net_policy_passes(const struct net_policy *policy, const struct net_packet *packet)
{
	const struct net_direction *direction = &policy->direction[packet->direction];

	for (size_t i = 0; i < direction->layer_count; i++)
		if (!net_layer_passes(&direction->layers[i], packet))
			return false;
	return true;
}
