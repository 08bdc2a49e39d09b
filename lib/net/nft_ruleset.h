/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A container's network policy as a table of nf_tables (family inet, "stint"): pure, from the policy to the messages.
 *
 *	chain egress, at hook output, after all others		what is let through by it leaves
 *	  loopback						accept
 *	  neither established nor related			jump egress-new
 *	  over the bandwidth					drop
 *	  over a quota (counted twice: nft_new_quota)		jump budget-egress …
 *	  						count, accept
 *	chain egress-new
 *	  neighbour and multicast listener discovery		return
 *	  invalid						drop (return where there are no layers)
 *	  of a connection that has passed			return
 *	  							jump egress-0, egress-1 … (a layer each)
 *	  over the rate of new connections, over their number	drop
 *	  						count
 *	chain egress-N, a layer
 *	  what it allows					return
 *	    few addresses with few ports: a set of those pairs (pairs.h); else one per protocol and ports
 *	  what it denies					goto egress-denied
 *	  what its names have					return
 *	  default deny						goto egress-denied
 *	chain egress-denied					log, count, reject (drop, where there are names)
 *	chain budget-egress, of a quota				log once a minute, count, drop (where it only warns: log)
 *	chains ingress…, at hook input, likewise; drop instead of reject
 *	chain forward						drop: what is routed through belongs to no end that rules are for
 *
 * Where the namespace is others', too, the rules are only of what the container's own sockets send and get:
 *
 *	chain egress-all, at hook output			of a socket of the group: jump egress; else accept
 *	chain egress						as above
 *	(there is no chain forward)
 *
 * Where endpoints are recorded, what passes is counted for them as well (nft_endpoints.c). Where nothing but that is asked
 * there is no chain forward.
 *
 * A packet is counted when nothing is left that could drop it, so the counters hold what passed.
 */
#ifndef STINT_NET_NFT_RULESET_H
#define STINT_NET_NFT_RULESET_H

#include "lib/net/dns.h"
#include "lib/net/nft_batch.h"
#include "lib/net/policy.h"

enum {
	NFT_LOG_DENIED = 1, /* groups of nflog, above the scope's first; the prefix is the direction's name */
	NFT_LOG_ANSWERS = 2,
	NFT_LOG_BEGUN = 3, /* connections, where endpoints are recorded: their first packets, which have passed */
	/* What went over a quota, whose name is the prefix. The kernel tells who listens to nf_tables, too, but not all kernels do
	 * before something changes in the rules (6.1 does not). */
	NFT_LOG_SPENT = 4,
	NFT_LOG_GROUPS = 8, /* those of a scope begin with a multiple of it */
	NFT_LOG_LENGTH = 4096 + 128, /* bytes of a packet that are logged at most: answers by UDP are no longer (EDNS) */
	NFT_NAME_ADDRESSES_MAX = 16384, /* of the names of one layer with the same protocol and ports, at a time */
};

/* Counters; "egress" and "ingress" hold what passed, the others what was dropped, and why. Quotas have the names of
 * `nft_quota_names`. */
enum nft_counter {
	NFT_COUNT_PASSED,
	NFT_COUNT_NEW, /* packets: connections that began */
	NFT_COUNT_DENIED,
	NFT_COUNT_METADATA, /* denied too, but apart */
	NFT_COUNT_INVALID,
	NFT_COUNT_BANDWIDTH,
	NFT_COUNT_QUOTA,
	NFT_COUNT_NEW_CONNECTIONS,
	NFT_COUNT_CONNECTIONS,
	NFT_COUNTERS
};
extern const char *const nft_direction_names[NET_DIRECTIONS];
extern const char *const nft_counter_names[NFT_COUNTERS]; /* after the direction's name */
extern const char *const nft_quota_names[NET_QUOTAS];
#define NFT_COUNT_FORWARD "forward"
enum { NFT_NAME_SIZE = 64 };
const char *nft_counter_name(unsigned direction, enum nft_counter counter, char name[NFT_NAME_SIZE]);

/* `table_flags`: NFT_TABLE_F_OWNER and what there is beside it (nft_apply knows). `replaces`: the handle of the one that is there, which
 * goes in the same moment; 0: there is to be none. */
int nft_ruleset(const struct net_policy *policy, uint64_t replaces, uint32_t table_flags, struct nft_batch *ret_batch, struct error *err);

/* Opens what the answer says of the names that the policy has, for as long as it counts (lib/net/answered.h). *ret_count: into
 * how many sets; with 0 there is nothing to send. */
int nft_answer(const struct net_policy *policy, const struct dns_answer *answer, struct nft_batch *ret_batch, size_t *ret_count,
	       struct error *err);

#endif
