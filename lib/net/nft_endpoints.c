/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/net/nft_endpoints.h"

#include <arpa/inet.h>
#include <endian.h>
#include <libmnl/libmnl.h>
#include <libnftnl/object.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/net/nft_dump.h"
#include "lib/net/nft_internal.h"
#include "lib/net/policy.h"
#include "lib/net/protocol.h"

#define MORE_COUNTER "endpoints-more"
#define EGRESS_CHAIN "endpoints-egress"
#define INGRESS_CHAIN "endpoints-ingress"

/* A key is: 0 for a connection's first packet, else IPS_CONFIRMED; the address, of egress; the protocol; the port. */
static const struct kind {
	const char *set, *chain;
	uint8_t direction;
	bool from_private;
	uint8_t family;	      /* 0: the key has no address */
	uint32_t address_key; /* NFT_CT_*: whose */
	uint8_t address_slots;
} kinds[] = {
	{"endpoints-ip", EGRESS_CHAIN, NET_EGRESS, false, AF_INET, NFT_CT_SRC_IP, 1},
	{"endpoints-ip6", EGRESS_CHAIN, NET_EGRESS, false, AF_INET6, NFT_CT_SRC_IP6, 4},
	{"endpoints-private", "endpoints-private", NET_INGRESS, true, 0, 0, 0},
	{"endpoints-any", "endpoints-any", NET_INGRESS, false, 0, 0, 0},
};
enum { FIRST_SLOT, ADDRESS_SLOT };

static unsigned protocol_slot(const struct kind *kind)
{
	return ADDRESS_SLOT + kind->address_slots;
}

static unsigned port_slot(const struct kind *kind)
{
	return protocol_slot(kind) + 1;
}

static size_t key_size(const struct kind *kind)
{
	return (size_t)(port_slot(kind) + 1) * NFT_SLOT_SIZE;
}

/* `protocol` 0: any, without a port. */
static void add_counting(struct nft_batch *batch, const struct kind *kind, uint8_t protocol)
{
	struct nft_rule rule = nft_rule_begin(batch, kind->chain);

	nft_load_ct(&rule, protocol_slot(kind), NFT_CT_PROTOCOL);
	if (protocol)
		nft_match_loaded_byte(&rule, protocol_slot(kind), protocol);
	nft_load_ct_status(&rule, FIRST_SLOT, IPS_CONFIRMED);
	if (kind->family)
		nft_load_ct(&rule, ADDRESS_SLOT, kind->address_key);
	if (protocol)
		nft_load_ct(&rule, port_slot(kind), NFT_CT_PROTO_SRC);
	else
		nft_load_zero(&rule, port_slot(kind));
	nft_count_in_set(&rule, kind->set);
	nft_return(&rule);
	nft_rule_end(&rule);
}

/* Whatever comes to a chain's end found no room. */
static void add_more(struct nft_batch *batch, const char *chain)
{
	struct nft_rule rule = nft_rule_begin(batch, chain);

	nft_count(&rule, MORE_COUNTER);
	nft_rule_end(&rule);
}

static void add_ingress(struct nft_batch *batch)
{
	static const struct {
		uint32_t key;
		const char *set;
	} families[] = {{NFT_CT_DST_IP, NFT_PRIVATE_SET "-ip"}, {NFT_CT_DST_IP6, NFT_PRIVATE_SET "-ip6"}};
	struct nft_rule rule;

	for (size_t f = 0; f < ARRAY_SIZE(families); f++) {
		rule = nft_rule_begin(batch, INGRESS_CHAIN);
		nft_load_ct(&rule, 0, families[f].key);
		nft_match_loaded_set(&rule, families[f].set);
		nft_goto(&rule, "endpoints-private");
		nft_rule_end(&rule);
	}
	rule = nft_rule_begin(batch, INGRESS_CHAIN);
	nft_goto(&rule, "endpoints-any");
	nft_rule_end(&rule);
}

static void add_log(struct nft_batch *batch)
{
	static const struct nft_limit limit = {.rate = 1000, .seconds = 1, .burst = 1000};
	struct nft_rule rule = nft_rule_begin(batch, EGRESS_CHAIN);

	nft_match_ct_status(&rule, IPS_CONFIRMED, true);
	nft_match_limit(&rule, &limit);
	nft_log(&rule, NFT_LOG_BEGUN, NFT_LOG_LENGTH, "begun");
	nft_rule_end(&rule);
}

void nft_add_endpoints(struct nft_batch *batch)
{
	nft_new_counter(batch, MORE_COUNTER);
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		const struct kind *kind = &kinds[k];
		bool last = k + 1 == ARRAY_SIZE(kinds) || strcmp(kind->chain, kinds[k + 1].chain) != 0;

		nft_new_counting_set(batch, kind->set, (uint32_t)key_size(kind), NFT_ENDPOINT_ELEMENTS_MAX);
		if (k == 0 || strcmp(kind->chain, kinds[k - 1].chain) != 0)
			nft_new_chain(batch, kind->chain);
		if (k == 0)
			add_log(batch);
		for (unsigned p = 1; p <= UINT8_MAX; p++)
			if (protocol_has_ports((uint8_t)p))
				add_counting(batch, kind, (uint8_t)p);
		add_counting(batch, kind, 0);
		if (last)
			add_more(batch, kind->chain);
	}
	nft_new_chain(batch, INGRESS_CHAIN);
	add_ingress(batch);
}

void nft_add_endpoint_rules(struct nft_batch *batch, const char *chain, unsigned direction)
{
	struct nft_rule rule = nft_rule_begin(batch, chain);

	nft_match_ct_original(&rule);
	nft_jump(&rule, direction == NET_EGRESS ? EGRESS_CHAIN : INGRESS_CHAIN);
	nft_rule_end(&rule);
	rule = nft_rule_begin(batch, chain);
	nft_match_ct_reply(&rule);
	nft_jump(&rule, direction == NET_EGRESS ? INGRESS_CHAIN : EGRESS_CHAIN);
	nft_rule_end(&rule);
}

/* --- reading --- */

struct element {
	uint8_t key[NFT_SLOTS * NFT_SLOT_SIZE];
	uint64_t bytes, packets;
};

struct elements {
	const char *table;
	const struct kind *kind;
	struct element *list;
	size_t count, room;
	struct element now; /* that is being read */
	bool is_whole;	    /* its key */
	bool out_of_memory;
};

static int take_counter(const struct nlattr *attribute, void *data)
{
	struct elements *elements = data;
	unsigned type = mnl_attr_get_type(attribute);

	if ((type == NFTA_COUNTER_BYTES || type == NFTA_COUNTER_PACKETS) && mnl_attr_validate(attribute, MNL_TYPE_U64) >= 0)
		*(type == NFTA_COUNTER_BYTES ? &elements->now.bytes : &elements->now.packets) = be64toh(mnl_attr_get_u64(attribute));
	return MNL_CB_OK;
}

static int take_expression(const struct nlattr *attribute, void *data)
{
	return mnl_attr_get_type(attribute) == NFTA_EXPR_DATA ? mnl_attr_parse_nested(attribute, take_counter, data) : MNL_CB_OK;
}

static int take_value(const struct nlattr *attribute, void *data)
{
	struct elements *elements = data;
	size_t size = key_size(elements->kind);

	if (mnl_attr_get_type(attribute) == NFTA_DATA_VALUE && mnl_attr_get_payload_len(attribute) == size) {
		memcpy(elements->now.key, mnl_attr_get_payload(attribute), size);
		elements->is_whole = true;
	}
	return MNL_CB_OK;
}

static int take_property(const struct nlattr *attribute, void *data)
{
	switch (mnl_attr_get_type(attribute)) {
	case NFTA_SET_ELEM_KEY:
		return mnl_attr_parse_nested(attribute, take_value, data);
	case NFTA_SET_ELEM_EXPR:
		return mnl_attr_parse_nested(attribute, take_expression, data);
	}
	return MNL_CB_OK;
}

static int take_element(const struct nlattr *attribute, void *data)
{
	struct elements *elements = data;
	struct element *list;

	elements->now = (struct element){0};
	elements->is_whole = false;
	if (mnl_attr_parse_nested(attribute, take_property, elements) < 0)
		return MNL_CB_ERROR;
	if (!elements->is_whole)
		return MNL_CB_OK;
	if (elements->count == elements->room) {
		list = reallocarray(elements->list, elements->room ? 2 * elements->room : 64, sizeof *list);
		if (!list) {
			elements->out_of_memory = true;
			return MNL_CB_ERROR;
		}
		elements->list = list;
		elements->room = elements->room ? 2 * elements->room : 64;
	}
	elements->list[elements->count++] = elements->now;
	return MNL_CB_OK;
}

static int take_list(const struct nlattr *attribute, void *data)
{
	if (mnl_attr_get_type(attribute) == NFTA_SET_ELEM_LIST_ELEMENTS)
		return mnl_attr_parse_nested(attribute, take_element, data);
	return MNL_CB_OK;
}

static int take_elements(const struct nlmsghdr *message, void *data)
{
	const struct elements *elements = data;

	if (nft_is_of(message, elements->table))
		(void)mnl_attr_parse(message, sizeof(struct nfgenmsg), take_list, data);
	return elements->out_of_memory ? -ENOMEM : 0;
}

static int compare_keys(const void *a, const void *b)
{
	return memcmp(a, b, sizeof ((const struct element *)a)->key);
}

static int tell(const struct kind *kind, const struct element *element, nft_endpoint_told *told, void *data)
{
	struct nft_endpoint endpoint = {.direction = kind->direction, .from_private = kind->from_private, .family = kind->family,
					.bytes = element->bytes};
	uint32_t confirmed;
	uint16_t port;

	memcpy(&confirmed, element->key, sizeof confirmed);
	memcpy(&port, element->key + (size_t)port_slot(kind) * NFT_SLOT_SIZE, sizeof port);
	memcpy(endpoint.address, element->key + (size_t)ADDRESS_SLOT * NFT_SLOT_SIZE, (size_t)kind->address_slots * NFT_SLOT_SIZE);
	endpoint.protocol = element->key[protocol_slot(kind) * NFT_SLOT_SIZE];
	endpoint.port = ntohs(port);
	endpoint.connections = confirmed ? 0 : element->packets;
	return told(&endpoint, data);
}

/* A set that grows while it is read may be told twice, in part. */
static int tell_once(struct elements *elements, nft_endpoint_told *told, void *data)
{
	int r = 0;

	if (elements->count)
		qsort(elements->list, elements->count, sizeof *elements->list, compare_keys);
	for (size_t i = 0; i < elements->count && r == 0; i++)
		if (i == 0 || compare_keys(&elements->list[i - 1], &elements->list[i]) != 0)
			r = tell(elements->kind, &elements->list[i], told, data);
	return r;
}

static int read_set(int fd, const char *table, const struct kind *kind, nft_endpoint_told *told, void *data, struct error *err)
{
	struct elements elements = {.table = table, .kind = kind};
	int r = -EINTR;

	for (int i = 0; i < NFT_DUMP_ATTEMPTS && r == -EINTR; i++) {
		elements.count = 0;
		r = nft_dump(fd, NFT_MSG_GETSETELEM, table, kind->set, take_elements, &elements, err);
	}
	if (r == 0)
		r = tell_once(&elements, told, data);
	free(elements.list);
	return r;
}

static int take_more(const struct nlmsghdr *message, void *data)
{
	struct nftnl_obj *object = nftnl_obj_alloc();
	const char *name;

	if (!object)
		return -ENOMEM;
	if (nftnl_obj_nlmsg_parse(message, object) == 0 && (name = nftnl_obj_get_str(object, NFTNL_OBJ_NAME)) &&
	    strcmp(name, MORE_COUNTER) == 0)
		*(bool *)data |= nftnl_obj_get_u64(object, NFTNL_OBJ_CTR_PKTS) > 0;
	nftnl_obj_free(object);
	return 0;
}

int nft_read_endpoints(int fd, const struct net_scope *scope, nft_endpoint_told *told, void *data, bool *ret_more, struct error *err)
{
	char table[NFT_TABLE_SIZE];
	bool more = false;
	int r = 0;

	(void)nft_table_name(scope, table);
	for (size_t k = 0; k < ARRAY_SIZE(kinds) && r == 0; k++)
		r = read_set(fd, table, &kinds[k], told, data, err);
	if (r < 0)
		return r;
	r = -EINTR;
	for (int i = 0; i < NFT_DUMP_ATTEMPTS && r == -EINTR; i++)
		r = nft_dump(fd, NFT_MSG_GETOBJ, table, NULL, take_more, &more, err);
	if (r == 0)
		*ret_more = more;
	return r;
}
