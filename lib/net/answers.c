/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/net/answers.h"

#include <string.h>
#include <sys/socket.h>

#include "lib/net/prefix.h"

static bool names_resolver(const struct net_layer *layer, const struct packet *packet)
{
	for (size_t i = 0; i < layer->allow_count; i++) {
		const struct net_match *match = &layer->allow[i];

		if (net_match_is_for_names(match) && match->protocol == packet->protocol && match->first == packet->source_port &&
		    net_prefix_has(&match->prefix, packet->family, packet->source))
			return true;
	}
	return false;
}

bool net_is_resolvers(const struct net_policy *policy, const struct packet *packet)
{
	static const uint8_t docker[] = {127, 0, 0, 11}; /* the rules log nothing of loopback but its */
	const struct net_direction *egress = &policy->direction[NET_EGRESS];

	if (!packet->has_ports)
		return false;
	if (packet->family == AF_INET && memcmp(packet->source, docker, sizeof docker) == 0)
		return true;
	for (size_t i = 0; i < egress->layer_count; i++)
		if (names_resolver(&egress->layers[i], packet))
			return true;
	return false;
}

bool net_is_recorded_resolvers(const struct net_record *record, const struct packet *packet)
{
	for (size_t i = 0; i < record->resolver_count; i++) {
		struct net_match match = {.prefix = record->resolvers[i], .protocol = packet->protocol,
					  .first = packet->source_port, .last = packet->source_port};

		if (packet->has_ports && net_match_is_for_names(&match) && net_prefix_has(&match.prefix, packet->family, packet->source))
			return true;
	}
	return false;
}

bool net_policy_knows(const struct net_policy *policy, const char *name)
{
	const struct net_direction *egress = &policy->direction[NET_EGRESS];

	for (size_t l = 0; l < egress->layer_count; l++)
		for (size_t n = 0; n < egress->layers[l].name_count; n++)
			if (dns_name_matches(egress->layers[l].names[n].name, name))
				return true;
	return false;
}

static bool layer_opens(const struct net_layer *layer, const char *name, const struct net_packet *packet)
{
	for (size_t i = 0; i < layer->deny_count; i++)
		if (net_match_passes(&layer->deny[i], packet))
			return false;
	for (size_t i = 0; i < layer->name_count; i++) {
		const struct net_name *entry = &layer->names[i];
		const struct net_match match = {net_prefix_all(packet->family), entry->protocol, entry->first, entry->last};

		if (dns_name_matches(entry->name, name) && net_match_passes(&match, packet))
			return true;
	}
	return false;
}

bool net_policy_opens(const struct net_policy *policy, const char *name, const struct net_packet *packet)
{
	const struct net_direction *egress = &policy->direction[NET_EGRESS];

	for (size_t i = 0; i < egress->layer_count; i++)
		if (!net_layer_passes(&egress->layers[i], packet) && !layer_opens(&egress->layers[i], name, packet))
			return false;
	return egress->layer_count > 0;
}
