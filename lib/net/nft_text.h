/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What messages of nf_tables say, as lines that are the same for a batch and for what the kernel gives back of it: an object, a rule
 * or an element each. What the kernel counts, and addresses that come and go, are left out.
 */
#ifndef STINT_NET_NFT_TEXT_H
#define STINT_NET_NFT_TEXT_H

#include <stddef.h>

#include "lib/net/nft_batch.h"

struct nlmsghdr;

struct nft_line {
	char *text;
	size_t key;   /* lines are sorted by the first so many bytes of the text … */
	size_t order; /* … and then in the order they came: that of a chain's rules */
};
struct nft_text {
	char table[NFT_TABLE_SIZE]; /* of which it is */
	struct nft_line *lines;
	size_t count, size;
};
void nft_text_clear(struct nft_text *text);
#define _cleanup_nft_text_ _cleanup_(nft_text_clear)

/* 0 or -ENOMEM. What is of another table adds nothing; a table that is deleted takes with it what was there. */
int nft_text_add(struct nft_text *text, const struct nlmsghdr *message);
void nft_text_sort(struct nft_text *text);
/* Of a whole batch, sorted. */
int nft_text_of_batch(const struct nft_batch *batch, struct nft_text *ret_text, struct error *err);

#endif
