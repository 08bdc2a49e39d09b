/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Single addresses with single ports, as a set without intervals has them. Pure. */
#ifndef STINT_NET_PAIRS_H
#define STINT_NET_PAIRS_H

#include "lib/net/policy.h"

struct net_pair {
	uint8_t address[16];
	uint8_t protocol;
	uint16_t port;
};

/* How many the match comes to; 0: to more than NET_PAIRS_OF_MATCH_MAX, or it is for any port. */
enum { NET_PAIRS_OF_MATCH_MAX = 16 };
size_t net_match_pairs(const struct net_match *match);

/* What the matches of one family come to: sorted, each once. `ret_pairs` has room for as many as they come to; returns how many
 * there are. */
size_t net_pairs(const struct net_match *matches, size_t count, uint8_t family, struct net_pair *ret_pairs);

#endif
