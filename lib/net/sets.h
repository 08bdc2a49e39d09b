/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sets of addresses that have a name in a profile, and those that are denied unless they are named themselves. */
#ifndef STINT_NET_SETS_H
#define STINT_NET_SETS_H

#include "lib/net/policy.h"

/*
 * "private": addresses that never belong to somebody on the Internet and that packets are sent to and from. Of IANA's
 * special-purpose registries (RFC 6890) those that are a destination, may be forwarded inside one network or are on the
 * link, and are not global: RFC 1918, shared address space (RFC 6598), link-local (RFC 3927, RFC 4291), and unique local
 * addresses (RFC 4193). Documentation, benchmarking and reserved ranges are none of it: nobody lives there.
 */
enum { NET_PRIVATE_COUNT = 7 };
extern const struct net_prefix net_private[NET_PRIVATE_COUNT];

/* What is neither private nor somebody else's single address: this host and network (0/8), loopback, multicast, the reserved
 * 240/4 with broadcast. In IPv6 only what is global unicast (2000::/3) and NAT64's prefix (RFC 6052) is the Internet. */
enum { NET_LOCAL_COUNT = 3 };
extern const struct net_prefix net_local[NET_LOCAL_COUNT];

/* "internet": all that is in none of the two. The fewest prefixes; returns how many. */
enum { NET_INTERNET_MAX = 64 };
size_t net_internet(struct net_prefix ret_prefixes[NET_INTERNET_MAX]);

/* Where clouds tell a machine about itself, often with the credentials of its role. */
struct net_metadata {
	struct net_prefix prefix; /* a single address */
	const char *who;
};
enum { NET_METADATA_COUNT = 14 };
extern const struct net_metadata net_metadata[NET_METADATA_COUNT];

bool net_is_metadata(const struct net_prefix *address);

#endif
