/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv4 and IPv6 prefixes: text, order, and sets of them. */
#ifndef STINT_NET_PREFIX_H
#define STINT_NET_PREFIX_H

#include "lib/base/error.h"
#include "lib/net/policy.h"

/* "10.0.0.0/8", "fc00::/7", or an address alone, which is /32 or /128. Bits set below the length are -EINVAL, and the
 * error names the prefix that has none. */
int net_prefix_parse(const char *text, struct net_prefix *ret_prefix, struct error *err);

enum { NET_PREFIX_TEXT_MAX = 64 };
/* As it is read; a whole address without its length. Returns `text`. */
const char *net_prefix_format(const struct net_prefix *prefix, char text[NET_PREFIX_TEXT_MAX]);

unsigned net_address_bits(uint8_t family); /* 32, 128 */
struct net_prefix net_prefix_of_address(uint8_t family, const void *address);
struct net_prefix net_prefix_all(uint8_t family); /* 0.0.0.0/0, ::/0 */

/* By family, address and length: a prefix comes before those that it covers. For qsort as well. */
int net_prefix_order(const void *a, const void *b);
bool net_prefix_covers(const struct net_prefix *wide, const struct net_prefix *narrow);
bool net_prefix_has(const struct net_prefix *prefix, uint8_t family, const void *address);

/* The same set of addresses as the fewest prefixes, sorted, none of which overlaps another. In place: returns how many are left. */
size_t net_prefixes_merge(struct net_prefix *prefixes, size_t count);

/* `from` without `hole`, which it covers and is not, as at most 128 prefixes. */
enum { NET_PREFIX_PIECES_MAX = 128 };
size_t net_prefix_without(const struct net_prefix *from, const struct net_prefix *hole,
			  struct net_prefix ret_pieces[NET_PREFIX_PIECES_MAX]);

/* Sorted by protocol and ports; ports of one prefix that overlap or adjoin are merged, and then the prefixes of each. In place: returns
 * how many are left. */
size_t net_matches_merge(struct net_match *matches, size_t count);
int net_match_order(const void *a, const void *b);
/* How many, from the first on, have its protocol and ports; `count` is not 0. */
size_t net_matches_same_ports(const struct net_match *matches, size_t count);
void net_matches_sort(struct net_match *matches, size_t count); /* in that order */

#endif
