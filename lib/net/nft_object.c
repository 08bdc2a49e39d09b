/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/net/nft_object.h"

#include <arpa/inet.h>
#include <endian.h>
#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/object.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/net/nft_rule.h"

/* As nft writes and shows it: libnftnl has no other use for a table's own data. */
static void put_comment(struct nft_batch *batch, struct nlmsghdr *message, const char *comment)
{
	struct nftnl_udata_buf *data = nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN + 1U);

	if (!data || !nftnl_udata_put_strz(data, NFTNL_UDATA_TABLE_COMMENT, comment))
		batch->out_of_memory = true;
	else
		mnl_attr_put(message, NFTA_TABLE_USERDATA, nftnl_udata_buf_len(data), nftnl_udata_buf_data(data));
	if (data)
		nftnl_udata_buf_free(data);
}

void nft_delete_table(struct nft_batch *batch, uint64_t handle)
{
	struct nlmsghdr *message = nft_batch_message(batch, NFT_MSG_DELTABLE, 0, NFT_MESSAGE_ROOM);

	if (!message)
		return;
	if (handle)
		mnl_attr_put_u64(message, NFTA_TABLE_HANDLE, htobe64(handle));
	else
		mnl_attr_put_strz(message, NFTA_TABLE_NAME, batch->table);
	nft_batch_add(batch, message);
}

void nft_new_table(struct nft_batch *batch, uint32_t flags, const char *comment)
{
	struct nlmsghdr *message = nft_batch_message(batch, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL, NFT_MESSAGE_ROOM);

	if (!message)
		return;
	mnl_attr_put_strz(message, NFTA_TABLE_NAME, batch->table);
	mnl_attr_put_u32(message, NFTA_TABLE_FLAGS, htonl(flags));
	if (comment)
		put_comment(batch, message, comment);
	nft_batch_add(batch, message);
}

static void add_chain(struct nft_batch *batch, const char *name, const struct nft_base *base)
{
	struct nlmsghdr *message = nft_batch_message(batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE, NFT_MESSAGE_ROOM);
	struct nftnl_chain *chain = message ? nftnl_chain_alloc() : NULL;

	if (!chain) {
		batch->out_of_memory = true;
		return;
	}
	if (nftnl_chain_set_str(chain, NFTNL_CHAIN_TABLE, batch->table) < 0 ||
	    nftnl_chain_set_str(chain, NFTNL_CHAIN_NAME, name) < 0 ||
	    (base && nftnl_chain_set_str(chain, NFTNL_CHAIN_TYPE, "filter") < 0))
		batch->out_of_memory = true;
	if (base) {
		nftnl_chain_set_u32(chain, NFTNL_CHAIN_HOOKNUM, base->hook);
		nftnl_chain_set_s32(chain, NFTNL_CHAIN_PRIO, base->priority);
		nftnl_chain_set_u32(chain, NFTNL_CHAIN_POLICY, base->passes ? NF_ACCEPT : NF_DROP);
	}
	nftnl_chain_nlmsg_build_payload(message, chain);
	nftnl_chain_free(chain);
	nft_batch_add(batch, message);
}

void nft_new_chain(struct nft_batch *batch, const char *name)
{
	add_chain(batch, name, NULL);
}

void nft_new_base_chain(struct nft_batch *batch, const char *name, const struct nft_base *base)
{
	add_chain(batch, name, base);
}

static struct nftnl_obj *new_object(struct nft_batch *batch, const char *name, uint32_t type)
{
	struct nftnl_obj *object = nftnl_obj_alloc();

	if (!object) {
		batch->out_of_memory = true;
		return NULL;
	}
	nftnl_obj_set_u32(object, NFTNL_OBJ_TYPE, type);
	nftnl_obj_set_str(object, NFTNL_OBJ_TABLE, batch->table);
	nftnl_obj_set_str(object, NFTNL_OBJ_NAME, name);
	return object;
}

static void add_object(struct nft_batch *batch, struct nftnl_obj *object)
{
	struct nlmsghdr *message =
		nft_batch_message(batch, NFT_MSG_NEWOBJ, NLM_F_CREATE | NLM_F_EXCL, NFT_MESSAGE_ROOM);

	if (message) {
		nftnl_obj_nlmsg_build_payload(message, object);
		nft_batch_add(batch, message);
	}
	nftnl_obj_free(object);
}

void nft_new_counter(struct nft_batch *batch, const char *name)
{
	struct nftnl_obj *object = new_object(batch, name, NFT_OBJECT_COUNTER);

	if (!object)
		return;
	nftnl_obj_set_u64(object, NFTNL_OBJ_CTR_BYTES, 0);
	nftnl_obj_set_u64(object, NFTNL_OBJ_CTR_PKTS, 0);
	add_object(batch, object);
}

/* To some kernels a quota is over when its amount has been reached, to others (measured: 6.18) when it has been exceeded. Ours counts
 * every byte twice, and its amount is odd, so that it is never just reached. Neither may be negative, nor more be used than there is. */
void nft_new_quota(struct nft_batch *batch, const char *name, uint64_t limit, uint64_t used)
{
	static const uint64_t most = INT64_MAX / 2;
	struct nftnl_obj *object = new_object(batch, name, NFT_OBJECT_QUOTA);
	uint64_t bytes = 2 * (limit < most ? limit : most) + 1;

	if (!object)
		return;
	nftnl_obj_set_u64(object, NFTNL_OBJ_QUOTA_BYTES, bytes);
	nftnl_obj_set_u64(object, NFTNL_OBJ_QUOTA_CONSUMED, used <= bytes / 2 ? 2 * used : bytes);
	nftnl_obj_set_u32(object, NFTNL_OBJ_QUOTA_FLAGS, NFT_QUOTA_F_INV);
	add_object(batch, object);
}

static void add_set(struct nft_batch *batch, const char *name, uint32_t type, uint32_t key_size, uint32_t flags, uint32_t size)
{
	struct nlmsghdr *message = nft_batch_message(batch, NFT_MSG_NEWSET, NLM_F_CREATE | NLM_F_EXCL, NFT_MESSAGE_ROOM);
	struct nftnl_set *set = message ? nftnl_set_alloc() : NULL;

	if (!set) {
		batch->out_of_memory = true;
		return;
	}
	if (nftnl_set_set_str(set, NFTNL_SET_TABLE, batch->table) < 0 || nftnl_set_set_str(set, NFTNL_SET_NAME, name) < 0)
		batch->out_of_memory = true;
	nftnl_set_set_u32(set, NFTNL_SET_ID, batch->count);
	nftnl_set_set_u32(set, NFTNL_SET_FLAGS, flags);
	nftnl_set_set_u32(set, NFTNL_SET_KEY_TYPE, type);
	nftnl_set_set_u32(set, NFTNL_SET_KEY_LEN, key_size);
	if (size)
		nftnl_set_set_u32(set, NFTNL_SET_DESC_SIZE, size);
	nftnl_set_nlmsg_build_payload(message, set);
	nftnl_set_free(set);
	nft_batch_add(batch, message);
}

/* nft's numbers of types: for those who list the table with it. */
enum { IPV4_ADDRESS = 7, IPV6_ADDRESS = 8, PROTOCOL = 12, PORT = 13, CONCATENATED_BITS = 6 };

static void add_address_set(struct nft_batch *batch, const char *name, uint8_t family, uint32_t flags, uint32_t size)
{
	add_set(batch, name, family == AF_INET ? IPV4_ADDRESS : IPV6_ADDRESS, (uint32_t)net_address_size(family), flags, size);
}

void nft_new_counting_set(struct nft_batch *batch, const char *name, uint32_t key_size, uint32_t size)
{
	enum { INTEGER = 4 };

	add_set(batch, name, INTEGER, key_size, NFT_SET_EVAL, size);
}

/* Elements are written without libnftnl, which would have an object and a list for each of a hundred thousand. */
static struct nlmsghdr *elements_message(struct nft_batch *batch, uint16_t type, const char *set, size_t count)
{
	struct nlmsghdr *message =
		nft_batch_message(batch, type, type == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0,
				  NFT_MESSAGE_ROOM + count * NFT_ELEMENT_ROOM);

	if (message) {
		mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, batch->table);
		mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, set);
	}
	return message;
}

static void put_element(struct nlmsghdr *message, const uint8_t *key_bytes, size_t size, uint32_t flags, uint64_t timeout_ms)
{
	struct nlattr *element = mnl_attr_nest_start(message, NFTA_LIST_ELEM), *key;

	if (flags)
		mnl_attr_put_u32(message, NFTA_SET_ELEM_FLAGS, htonl(flags));
	key = mnl_attr_nest_start(message, NFTA_SET_ELEM_KEY);
	mnl_attr_put(message, NFTA_DATA_VALUE, size, key_bytes);
	mnl_attr_nest_end(message, key);
	if (timeout_ms)
		mnl_attr_put_u64(message, NFTA_SET_ELEM_TIMEOUT, htobe64(timeout_ms));
	mnl_attr_nest_end(message, element);
}

/* The length of an attribute, of the list of elements too, has 16 bits. */
enum { ELEMENTS_A_MESSAGE = 768 };

/* The array's element `i`, as the kernel has it. */
typedef void put_function(struct nlmsghdr *message, const void *array, size_t i, uint8_t family);

static void put_range(struct nlmsghdr *message, const void *array, size_t i, uint8_t family)
{
	const struct net_range *range = (const struct net_range *)array + i;

	put_element(message, range->first, net_address_size(family), 0, 0);
	if (!range->open)
		put_element(message, range->end, net_address_size(family), NFT_SET_ELEM_INTERVAL_END, 0);
}

static void add_elements(struct nft_batch *batch, const char *set, put_function *put, const void *array, size_t count, uint8_t family)
{
	size_t each = put == put_range ? 2 : 1;

	for (size_t i = 0; i < count;) {
		size_t end = count - i < ELEMENTS_A_MESSAGE ? count : i + ELEMENTS_A_MESSAGE;
		struct nlmsghdr *message = elements_message(batch, NFT_MSG_NEWSETELEM, set, each * (end - i));
		struct nlattr *list;

		if (!message)
			return;
		list = mnl_attr_nest_start(message, NFTA_SET_ELEM_LIST_ELEMENTS);
		for (; i < end; i++)
			put(message, array, i, family);
		mnl_attr_nest_end(message, list);
		nft_batch_add(batch, message);
	}
}

void nft_new_range_set(struct nft_batch *batch, const char *name, uint8_t family, const struct net_range *ranges, size_t count)
{
	add_address_set(batch, name, family, NFT_SET_INTERVAL | NFT_SET_CONSTANT, 0);
	add_elements(batch, name, put_range, ranges, count, family);
}

static void put_prefix(struct nlmsghdr *message, const void *array, size_t i, uint8_t family)
{
	put_element(message, ((const struct net_prefix *)array + i)->address, net_address_size(family), 0, 0);
}

void nft_new_prefix_set(struct nft_batch *batch, const char *name, uint8_t family, const struct net_prefix *prefixes, size_t count)
{
	add_address_set(batch, name, family, NFT_SET_CONSTANT, (uint32_t)count);
	add_elements(batch, name, put_prefix, prefixes, count, family);
}

/* The address, the protocol, the port, each from the beginning of a slot on. */
static void put_pair(struct nlmsghdr *message, const void *array, size_t i, uint8_t family)
{
	const struct net_pair *pair = (const struct net_pair *)array + i;
	uint8_t key[NFT_SLOTS * NFT_SLOT_SIZE] = {0};
	size_t at = net_address_size(family);

	memcpy(key, pair->address, at);
	key[at] = pair->protocol;
	key[at + NFT_SLOT_SIZE] = (uint8_t)(pair->port >> 8);
	key[at + NFT_SLOT_SIZE + 1] = (uint8_t)pair->port;
	put_element(message, key, at + 2 * NFT_SLOT_SIZE, 0, 0);
}

void nft_new_pair_set(struct nft_batch *batch, const char *name, uint8_t family, const struct net_pair *pairs, size_t count)
{
	uint32_t address = family == AF_INET ? IPV4_ADDRESS : IPV6_ADDRESS;
	uint32_t type = (address << CONCATENATED_BITS | PROTOCOL) << CONCATENATED_BITS | PORT;

	add_set(batch, name, type, (uint32_t)net_address_size(family) + 2 * NFT_SLOT_SIZE, NFT_SET_CONSTANT, (uint32_t)count);
	add_elements(batch, name, put_pair, pairs, count, family);
}

void nft_new_timeout_set(struct nft_batch *batch, const char *name, uint8_t family, uint32_t size)
{
	add_address_set(batch, name, family, NFT_SET_TIMEOUT, size);
}

static void put_one(struct nft_batch *batch, uint16_t type, const char *set, uint8_t family, const uint8_t *address,
		    uint64_t timeout_ms)
{
	struct nlmsghdr *message = elements_message(batch, type, set, 1);
	struct nlattr *list;

	if (!message)
		return;
	list = mnl_attr_nest_start(message, NFTA_SET_ELEM_LIST_ELEMENTS);
	put_element(message, address, net_address_size(family), 0, timeout_ms);
	mnl_attr_nest_end(message, list);
	nft_batch_add(batch, message);
}

/* Kernels before 6.12 leave the time of an element that is there as it was, and none deletes what is not there. */
void nft_put_address(struct nft_batch *batch, const char *set, uint8_t family, const uint8_t *address, uint64_t timeout_ms)
{
	put_one(batch, NFT_MSG_NEWSETELEM, set, family, address, timeout_ms);
	put_one(batch, NFT_MSG_DELSETELEM, set, family, address, 0);
	put_one(batch, NFT_MSG_NEWSETELEM, set, family, address, timeout_ms);
}
