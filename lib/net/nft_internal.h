/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files that make a table of a policy have of one another. */
#ifndef STINT_NET_NFT_INTERNAL_H
#define STINT_NET_NFT_INTERNAL_H

#include "lib/net/nft_object.h"
#include "lib/net/nft_rule.h"
#include "lib/net/nft_ruleset.h"

/* The other end is the destination of what leaves. */
static inline bool nft_other_is_destination(unsigned direction)
{
	return direction == NET_EGRESS;
}

/* Chain "egress-0" … */
const char *nft_layer_name(unsigned direction, size_t layer, char name[NFT_NAME_SIZE]);
const char *nft_denied_name(unsigned direction, char name[NFT_NAME_SIZE]);
/* Names of a layer with the same protocol and ports share a set, which is called after the first of them. */
const char *nft_names_set(const struct net_layer *layer, size_t layer_index, size_t name_index, uint8_t family,
			  char name[NFT_NAME_SIZE]);

/* The message is of nf_tables, and of this table or of something in it. */
bool nft_is_of(const struct nlmsghdr *message, const char *table);

/* The chain of one layer, and the sets that it looks into. */
void nft_add_layer(struct nft_batch *batch, const struct net_layer *layer, unsigned direction, size_t index);

/* nft_endpoints.c: the sets and chains, which need the private addresses as NFT_PRIVATE_SET "-ip" and "-ip6"; and the rules of a
 * direction's chain that go there. */
#define NFT_PRIVATE_SET "private"
void nft_add_endpoints(struct nft_batch *batch);
void nft_add_endpoint_rules(struct nft_batch *batch, const char *chain, unsigned direction);

#endif
