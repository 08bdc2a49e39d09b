/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/net/nft_read.h"

#include <errno.h>
#include <libnftnl/object.h>
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

int nft_read_figures(int fd, struct nft_figures *ret_figures, struct error *err)
{
	struct reading reading;
	int r = -EINTR;

	for (int i = 0; i < NFT_DUMP_ATTEMPTS && r == -EINTR; i++) {
		reading = (struct reading){0};
		r = nft_dump(fd, NFT_MSG_GETOBJ, NULL, take_object, &reading, err);
	}
	if (r < 0)
		return r;
	if (!reading.found)
		return error_set(err, ENOENT, "read the network's figures: there is no table \"%s\" in this network namespace",
				 NFT_OUR_TABLE);
	*ret_figures = reading.figures;
	return 0;
}
