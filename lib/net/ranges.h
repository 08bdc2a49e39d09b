/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prefixes as the fewest ranges that hold the same addresses: what an interval set is made of. Pure. */
#ifndef STINT_NET_RANGES_H
#define STINT_NET_RANGES_H

#include "lib/net/policy.h"

/* The bytes of an address of AF_INET or AF_INET6. */
size_t net_address_size(uint8_t family);

/* `end` is the first address after it; `open`: there is none, it reaches to the last address. */
struct net_range {
	uint8_t first[16], end[16];
	bool open;
};

/* `prefixes`: of one family, in the order of their addresses. `ret_ranges` has room for `count`; returns how many there are. */
size_t net_ranges(const struct net_prefix *prefixes, size_t count, struct net_range *ret_ranges);

/* Every address of the family. */
bool net_range_is_all(const struct net_range *range);

#endif
