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
	bool has_quota[NET_QUOTAS];
};

/* All of it in two dumps. -ENOENT: the table is not there. */
int nft_read_figures(int fd, struct nft_figures *ret_figures, struct error *err);

/* A socket (non-blocking) that is readable when something happens to nf_tables in the network namespace that we are in. */
int nft_watch(int *ret_fd, struct error *err);

/* One of these is told for each thing that has happened. */
struct nft_event {
	enum { NFT_EVENT_QUOTA_SPENT, NFT_EVENT_CHANGED, NFT_EVENT_LOST } kind;
	unsigned quota; /* NET_QUOTA_* */
	uint64_t used;
};
typedef void nft_told(const struct nft_event *event, void *data);
/* Reads all that is there. NFT_EVENT_CHANGED: somebody changed something of the table: `own_fd` (nft_open) did not.
 * NFT_EVENT_LOST: there was more than the socket holds; read the figures, and verify. */
int nft_read_events(int watch_fd, int own_fd, nft_told *told, void *data, struct error *err);

#endif
