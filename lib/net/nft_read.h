/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel says of our table: what was counted, what it holds, and what happens to it. */
#ifndef STINT_NET_NFT_READ_H
#define STINT_NET_NFT_READ_H

#include "lib/net/nft_ruleset.h"

struct nft_count {
	uint64_t bytes, packets;
};

struct nft_figures {
	struct nft_count counted[NET_DIRECTIONS][NFT_COUNTERS];
	struct nft_count forwarded; /* and so dropped */
	/* What was used of the quotas, of earlier lives too. One that is spent: its limit; with `holds` no more has passed. */
	uint64_t used[NET_QUOTAS];
	bool over[NET_QUOTAS]; /* more has come than its limit; what is used to the last byte is not */
	bool has_quota[NET_QUOTAS];
};

/* All of it in two dumps. -ENOENT: the table is not there. */
int nft_read_figures(int fd, const struct net_scope *scope, struct nft_figures *ret_figures, struct error *err);

/* The table that is there: whose it is (net_policy.holder), "" where it does not say so. */
struct nft_held {
	char holder[NET_HOLDER_MAX];
	uint64_t handle; /* the kernel's: another one of the same name has another */
};
/* -ENOENT: there is none. */
int nft_read_holder(int fd, const struct net_scope *scope, struct nft_held *ret_held, struct error *err);

#endif
