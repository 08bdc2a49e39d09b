/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/net/nft_read.h"

#include <errno.h>
#include <libnftnl/object.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

#include "lib/net/nft_dump.h"
#include "lib/net/nft_internal.h"

/* The kernel tells no more than its amount; every byte is counted twice: nft_new_quota. */
static void take_quota(struct nftnl_obj *object, struct nft_figures *figures)
{
	uint64_t consumed = nftnl_obj_get_u64(object, NFTNL_OBJ_QUOTA_CONSUMED);
	const char *name = nftnl_obj_get_str(object, NFTNL_OBJ_NAME);

	for (int q = 0; name && q < NET_QUOTAS; q++) {
		if (strcmp(name, nft_quota_names[q]) != 0)
			continue;
		figures->has_quota[q] = true;
		figures->used[q] = consumed / 2;
		figures->over[q] = consumed >= nftnl_obj_get_u64(object, NFTNL_OBJ_QUOTA_BYTES);
	}
}

static void take_counter(struct nftnl_obj *object, struct nft_figures *figures)
{
	struct nft_count read = {.bytes = nftnl_obj_get_u64(object, NFTNL_OBJ_CTR_BYTES),
				 .packets = nftnl_obj_get_u64(object, NFTNL_OBJ_CTR_PKTS)};
	const char *name = nftnl_obj_get_str(object, NFTNL_OBJ_NAME);
	char ours[NFT_NAME_SIZE];

	if (!name)
		return;
	if (strcmp(name, NFT_COUNT_FORWARD) == 0)
		figures->forwarded = read;
	for (unsigned d = 0; d < NET_DIRECTIONS; d++)
		for (enum nft_counter c = 0; c < NFT_COUNTERS; c++)
			if (strcmp(name, nft_counter_name(d, c, ours)) == 0)
				figures->counted[d][c] = read;
}

struct reading {
	struct nft_figures figures;
	bool found;
};

static int take_object(const struct nlmsghdr *message, void *data)
{
	struct reading *reading = data;
	struct nftnl_obj *object = nftnl_obj_alloc();

	if (!object)
		return -ENOMEM;
	if (nftnl_obj_nlmsg_parse(message, object) == 0) {
		reading->found = true;
		if (nftnl_obj_get_u32(object, NFTNL_OBJ_TYPE) == NFT_OBJECT_COUNTER)
			take_counter(object, &reading->figures);
		if (nftnl_obj_get_u32(object, NFTNL_OBJ_TYPE) == NFT_OBJECT_QUOTA)
			take_quota(object, &reading->figures);
	}
	nftnl_obj_free(object);
	return 0;
}

static int no_table(const char *table, const char *wanted, struct error *err)
{
	return error_set(err, ENOENT, "read the network's %s: there is no table \"%s\" in this network namespace", wanted, table);
}

int nft_read_figures(int fd, const struct net_scope *scope, struct nft_figures *ret_figures, struct error *err)
{
	char table[NFT_TABLE_SIZE];
	struct reading reading;
	int r = -EINTR;

	(void)nft_table_name(scope, table);
	for (int i = 0; i < NFT_DUMP_ATTEMPTS && r == -EINTR; i++) {
		reading = (struct reading){0};
		r = nft_dump(fd, NFT_MSG_GETOBJ, table, NULL, take_object, &reading, err);
	}
	if (r < 0)
		return r;
	if (!reading.found)
		return no_table(table, "figures", err);
	*ret_figures = reading.figures;
	return 0;
}

struct holding {
	const char *table;
	struct nft_held held;
	bool found;
};

/* A type, a length, and the text. libnftnl believes the length, which may be a container's. */
static void take_comment(const uint8_t *comment, uint32_t length, char *holder)
{
	if (length > 2 && comment[0] == NFTNL_UDATA_TABLE_COMMENT && comment[1] <= length - 2)
		(void)snprintf(holder, NET_HOLDER_MAX, "%.*s", (int)comment[1], (const char *)comment + 2);
}

static int take_table(const struct nlmsghdr *message, void *data)
{
	struct holding *holding = data;
	struct nftnl_table *table;
	const uint8_t *comment;
	uint32_t length = 0;

	if (!nft_is_of(message, holding->table))
		return 0;
	table = nftnl_table_alloc();
	if (!table)
		return -ENOMEM;
	holding->found = true;
	if (nftnl_table_nlmsg_parse(message, table) == 0) {
		holding->held.handle = nftnl_table_get_u64(table, NFTNL_TABLE_HANDLE);
		comment = nftnl_table_get_data(table, NFTNL_TABLE_USERDATA, &length);
		if (comment)
			take_comment(comment, length, holding->held.holder);
	}
	nftnl_table_free(table);
	return 0;
}

int nft_read_holder(int fd, const struct net_scope *scope, struct nft_held *ret_held, struct error *err)
{
	char table[NFT_TABLE_SIZE];
	struct holding holding = {.table = nft_table_name(scope, table)};
	int r = -EINTR;

	for (int i = 0; i < NFT_DUMP_ATTEMPTS && r == -EINTR; i++) {
		holding.found = false;
		holding.held = (struct nft_held){0};
		r = nft_dump(fd, NFT_MSG_GETTABLE, table, NULL, take_table, &holding, err);
	}
	if (r == 0 && !holding.found)
		r = no_table(table, "holder", err);
	*ret_held = holding.held;
	return r;
}
