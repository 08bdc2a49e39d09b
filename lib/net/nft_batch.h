/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages to nf_tables, one after the other in memory, that the kernel carries out as one transaction: all of them or none.
 * The sequence numbers are those of the messages, from 1 (which is NFNL_MSG_BATCH_BEGIN).
 *
 * Memory that could not be had is remembered: what is added afterwards is left out, and nft_batch_end says so.
 */
#ifndef STINT_NET_NFT_BATCH_H
#define STINT_NET_NFT_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/net/policy.h"

struct nlmsghdr;

enum { NFT_TABLE_SIZE = 32 };
/* "stint", or, where the namespace has others' too, "stint-ID" with the group's id. */
const char *nft_table_name(const struct net_scope *scope, char name[NFT_TABLE_SIZE]);

struct nft_batch {
	char table[NFT_TABLE_SIZE]; /* that its messages are about */
	uint16_t log_groups;
	char *bytes;
	size_t length, size;
	uint32_t count;
	bool out_of_memory;
};

void nft_batch_free(struct nft_batch *batch);
#define _cleanup_batch_ _cleanup_(nft_batch_free)

enum {
	NFT_MESSAGE_ROOM = 4096, /* for what is neither a rule of many expressions nor elements */
	NFT_RULE_ROOM = 16384,
	NFT_ELEMENT_ROOM = 64, /* each, beside a message's */
};

int nft_batch_begin(const struct net_scope *scope, struct nft_batch *ret_batch, struct error *err);
/* A message (NFT_MSG_*, NLM_F_*) of family inet that has `room` bytes to be filled; NULL: there is no memory. */
struct nlmsghdr *nft_batch_message(struct nft_batch *batch, uint16_t type, uint16_t flags, size_t room);
/* It is filled. */
void nft_batch_add(struct nft_batch *batch, const struct nlmsghdr *message);
/* The last message before the end is one whose success the kernel tells. */
int nft_batch_end(struct nft_batch *batch, struct error *err);

#endif
