/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What rules stand in and refer to: the table, its chains, sets and named objects. */
#ifndef STINT_NET_NFT_OBJECT_H
#define STINT_NET_NFT_OBJECT_H

#include "lib/net/nft_batch.h"
#include "lib/net/pairs.h"
#include "lib/net/ranges.h"

/* `flags`: NFT_TABLE_F_*; `comment`: NULL or less than NET_HOLDER_MAX bytes. One that is there: -EEXIST. */
void nft_new_table(struct nft_batch *batch, uint32_t flags, const char *comment);
/* `handle`: that one, or it is -ENOENT; 0: whichever has the name. */
void nft_delete_table(struct nft_batch *batch, uint64_t handle);
void nft_new_chain(struct nft_batch *batch, const char *name);
/* Where the kernel begins. What comes to its end is dropped, or `passes`. */
struct nft_base {
	uint32_t hook; /* NF_INET_* */
	int32_t priority;
	bool passes;
};
void nft_new_base_chain(struct nft_batch *batch, const char *name, const struct nft_base *base);

void nft_new_counter(struct nft_batch *batch, const char *name);
/* True of the packet with which more than `limit` bytes have come, and of all after it, when it is asked the second time
 * (nft_match_quota): it is asked twice of every packet. */
void nft_new_quota(struct nft_batch *batch, const char *name, uint64_t limit, uint64_t used);

/* A set of these ranges of addresses, which stays as it is. */
void nft_new_range_set(struct nft_batch *batch, const char *name, uint8_t family, const struct net_range *ranges, size_t count);
/* A set of the addresses of these prefixes, which stays as it is (nft_match_prefix_set). */
void nft_new_prefix_set(struct nft_batch *batch, const char *name, uint8_t family, const struct net_prefix *prefixes, size_t count);
/* A set of keys of an address, a protocol and a port, which stays as it is. */
void nft_new_pair_set(struct nft_batch *batch, const char *name, uint8_t family, const struct net_pair *pairs, size_t count);
/* A set of addresses that leave it when their time is over; no more than `size` at a time. */
void nft_new_timeout_set(struct nft_batch *batch, const char *name, uint8_t family, uint32_t size);
/* A set that rules put elements into (nft_count_in_set), `size` at most. */
void nft_new_counting_set(struct nft_batch *batch, const char *name, uint32_t key_size, uint32_t size);
/* Puts the address there for so long from now, whether it is there or not. */
void nft_put_address(struct nft_batch *batch, const char *set, uint8_t family, const uint8_t *address, uint64_t timeout_ms);

#endif
