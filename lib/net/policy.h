/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a container may reach and be reached by: the model of a profile's `network`, resolved for one container. Pure data.
 *
 * A packet that begins a connection passes a direction when it passes every layer of it. It passes a layer when
 * one of the layer's `allow` entries matches it, or when the layer allows by default and none of its `deny` entries does. The
 * cloud metadata addresses (lib/net/sets.h) are among the `deny` entries of every layer, and no `allow` entry matches one but
 * those that were made of an entry which names just that address. Loopback, replies, what
 * belongs to a connection that passed, and the ICMP that path MTU and neighbour discovery need pass anyway.
 *
 * Policies are composed by putting their layers side by side, so the meet is commutative, associative and idempotent
 * (layers are a set, in the order of their text), and nothing has to be intersected.
 */
#ifndef STINT_NET_POLICY_H
#define STINT_NET_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/budget/budget.h"

/* family is AF_INET or AF_INET6; the bits of `address` after `length` are zero. */
struct net_prefix {
	uint8_t family, length;
	uint8_t address[16];
};

/* "10.0.0.0/8 tcp 5432": of the other end's address and, for tcp, udp, udplite, dccp and sctp, the port of the end that
 * is connected to: the other's for egress, the container's own for ingress. */
struct net_match {
	struct net_prefix prefix;
	uint8_t protocol;	/* IPPROTO_*; 0: any (IPPROTO_IP is none that is sent) */
	uint16_t first, last;	/* 0 to 65535: any port, or a protocol without */
};

/* "*.example.com tcp 443": what the container's resolver said that name has, for as long as the answer lives. */
struct net_name {
	char *name;	/* lower case, without the last dot; "*.example.com" is every name below example.com */
	uint8_t protocol;
	uint16_t first, last;
};

struct net_layer {
	bool allow_by_default;
	struct net_match *allow, *deny;
	size_t allow_count, deny_count;
	struct net_name *names; /* of egress only; allowed as the answers come */
	size_t name_count;
};

struct net_direction {
	struct net_layer *layers; /* none: everything passes */
	size_t layer_count;
	uint64_t bandwidth;	  /* bytes a second; 0: no limit */
	uint64_t new_connections, new_connections_ns; /* so many in so long; 0: no limit */
	uint64_t new_connections_at_once; /* after a rest */
	uint64_t connections;	  /* at the same time; 0: no limit */
};
enum { NET_EGRESS, NET_INGRESS, NET_DIRECTIONS };

/* Bytes that are counted, as IP packets (headers included), loopback excluded. */
struct net_quota {
	bool set;
	uint8_t direction;
	bool internet;	/* only what is neither private, link-local, nor multicast (net_private) */
	bool holds;	/* the packet that would go over the limit is dropped, and all after it; else it is only told */
	uint64_t limit, used; /* used: by earlier lives of the container */
	uint64_t throttle; /* when it is spent: bytes a second that still pass; 0: none. Only with `holds` */
};
/* Those that warn hold nothing: they tell that the `warn` of the budget is due. */
enum {
	NET_QUOTA_EGRESS, NET_QUOTA_INGRESS, NET_QUOTA_EGRESS_INTERNET,
	NET_QUOTA_EGRESS_WARN, NET_QUOTA_INGRESS_WARN, NET_QUOTA_EGRESS_INTERNET_WARN, NET_QUOTAS
};

/* With whom it speaks is written down by the kernel, to be read at any time (lib/net/nft_endpoints.h). */
enum { NET_RESOLVERS_MAX = 16 }; /* libc asks the first three of resolv.conf; Docker's resolver has more behind it */
struct net_record {
	bool set;
	struct net_prefix resolvers[NET_RESOLVERS_MAX]; /* whom the container asks for names: whole addresses */
	size_t resolver_count;
};

enum { NET_HOLDER_MAX = 255 }; /* with the NUL */

/* Of whose packets the rules are. */
struct net_scope {
	uint64_t group;	     /* the sockets of the v2 group with this id (cgroup_id), and of those below it; 0: all of the namespace */
	uint32_t level;	     /* how deep below the root that group is */
	uint16_t log_groups; /* with a group: its nflog groups are NFT_LOG_* from here on, since a namespace has each number once */
};

struct net_policy {
	struct net_direction direction[NET_DIRECTIONS];
	struct net_quota quotas[NET_QUOTAS];
	struct net_record record;
	const char *holder; /* borrowed: whose the table is, for whoever lists it and for nft_read_holder; NULL: not said */
	struct net_scope scope; /* known when the container is there; not in the JSON text */
	bool shared;	/* the namespace is others' too: there must be a scope of one group */
	bool owned;	/* somebody in the namespace may have CAP_NET_ADMIN: the table is the socket's that makes it, where the kernel can */
	bool raw;	/* it keeps CAP_NET_RAW: neighbour discovery only on the link */
};

void net_layer_clear(struct net_layer *layer);
/* Frees what is below it; what is left is the policy that lets everything pass. */
void net_policy_clear(struct net_policy *policy);
#define _cleanup_net_policy_ _cleanup_(net_policy_clear)

/* Is there anything for the kernel to hold, or to count for a budget? To record is none of it. */
bool net_policy_asks(const struct net_policy *policy);
/* Is there a name that answers open something for? */
bool net_policy_has_names(const struct net_policy *policy);
/* For one, or for the names of what is recorded? */
bool net_policy_hears_answers(const struct net_policy *policy);
/* What the match lets pass is for asking a resolver, and for nothing else. */
bool net_match_is_for_names(const struct net_match *match);

#endif
