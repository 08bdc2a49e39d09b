/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/net/pairs.h"

#include <stdlib.h>
#include <string.h>

#include "lib/net/prefix.h"
#include "lib/net/protocol.h"
#include "lib/net/ranges.h"

size_t net_match_pairs(const struct net_match *match)
{
	unsigned host_bits = net_address_bits(match->prefix.family) - match->prefix.length;
	size_t ports = match->last - match->first + 1U;

	if (!protocol_has_ports(match->protocol) || host_bits > 8 || ports << host_bits > NET_PAIRS_OF_MATCH_MAX)
		return 0;
	return ports << host_bits;
}

static int compare_pairs(const void *a, const void *b)
{
	const struct net_pair *p = a, *q = b;
	int order = memcmp(p->address, q->address, sizeof p->address);

	if (order == 0)
		order = (p->protocol > q->protocol) - (p->protocol < q->protocol);
	return order ? order : (p->port > q->port) - (p->port < q->port);
}

static size_t add_pairs(const struct net_match *match, struct net_pair *ret_pairs)
{
	size_t count = net_match_pairs(match), last_byte = net_address_size(match->prefix.family) - 1;
	size_t ports = match->last - match->first + 1U;

	for (size_t i = 0; i < count; i++) {
		struct net_pair *pair = &ret_pairs[i];

		*pair = (struct net_pair){.protocol = match->protocol, .port = (uint16_t)(match->first + i % ports)};
		memcpy(pair->address, match->prefix.address, sizeof pair->address);
		pair->address[last_byte] |= (uint8_t)(i / ports);
	}
	return count;
}

size_t net_pairs(const struct net_match *matches, size_t count, uint8_t family, struct net_pair *ret_pairs)
{
	size_t found = 0, kept = 0;

	for (size_t i = 0; i < count; i++)
		if (matches[i].prefix.family == family)
			found += add_pairs(&matches[i], ret_pairs + found);
	if (found)
		qsort(ret_pairs, found, sizeof *ret_pairs, compare_pairs);
	for (size_t i = 0; i < found; i++)
		if (!kept || compare_pairs(&ret_pairs[kept - 1], &ret_pairs[i]) != 0)
			ret_pairs[kept++] = ret_pairs[i];
	return kept;
}
