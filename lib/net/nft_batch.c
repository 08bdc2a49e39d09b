/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/net/nft_batch.h"

#include <inttypes.h>
#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <linux/netfilter.h>
#include <stdio.h>
#include <string.h>

const char *nft_table_name(const struct net_scope *scope, char name[NFT_TABLE_SIZE])
{
	if (scope->group)
		(void)snprintf(name, NFT_TABLE_SIZE, "stint-%" PRIu64, scope->group);
	else
		(void)snprintf(name, NFT_TABLE_SIZE, "stint");
	return name;
}

void nft_batch_free(struct nft_batch *batch)
{
	free(batch->bytes);
	*batch = (struct nft_batch){0};
}

static bool make_room(struct nft_batch *batch, size_t room)
{
	size_t size = batch->size ? batch->size : 2 * (size_t)NFT_RULE_ROOM;
	char *bytes;

	if (batch->out_of_memory)
		return false;
	while (size - batch->length < room)
		size *= 2;
	if (size == batch->size)
		return true;
	bytes = realloc(batch->bytes, size);
	if (!bytes) {
		batch->out_of_memory = true;
		return false;
	}
	memset(bytes + batch->size, 0, size - batch->size); /* not all that write attributes clear what they are padded with */
	batch->bytes = bytes;
	batch->size = size;
	return true;
}

struct nlmsghdr *nft_batch_message(struct nft_batch *batch, uint16_t type, uint16_t flags, size_t room)
{
	if (!make_room(batch, room))
		return NULL;
	return nftnl_nlmsg_build_hdr(batch->bytes + batch->length, type, NFPROTO_INET, flags, batch->count + 1);
}

void nft_batch_add(struct nft_batch *batch, const struct nlmsghdr *message)
{
	batch->length += ((size_t)message->nlmsg_len + NLMSG_ALIGNTO - 1) / NLMSG_ALIGNTO * NLMSG_ALIGNTO;
	batch->count++;
}

static int no_memory(struct error *err)
{
	return error_set(err, ENOMEM, "write the network rules: there is no memory for them");
}

int nft_batch_begin(const struct net_scope *scope, struct nft_batch *ret_batch, struct error *err)
{
	struct nft_batch batch = {.log_groups = scope->log_groups};

	if (!make_room(&batch, NFT_MESSAGE_ROOM))
		return no_memory(err);
	(void)nft_table_name(scope, batch.table);
	nft_batch_add(&batch, nftnl_batch_begin(batch.bytes, 1));
	*ret_batch = batch;
	return 0;
}

/* All are asked for their success by way of the last: one that failed is told anyway. */
static void ask_for_success(struct nft_batch *batch)
{
	struct nlmsghdr *message = (void *)batch->bytes, *last = message;
	int left = (int)batch->length;

	for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left))
		last = message;
	last->nlmsg_flags |= NLM_F_ACK;
}

int nft_batch_end(struct nft_batch *batch, struct error *err)
{
	if (!make_room(batch, NFT_MESSAGE_ROOM))
		return no_memory(err);
	ask_for_success(batch);
	nft_batch_add(batch, nftnl_batch_end(batch->bytes + batch->length, batch->count + 1));
	return 0;
}
