/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/net/nft_rule.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <netinet/in.h> /* before the kernel's headers, which then leave out what it has */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

#include "lib/net/prefix.h"

enum { LOOPBACK_IFINDEX = 1 }; /* in every network namespace (the kernel's net/loopback.h); a name can be given to another */

struct nft_rule nft_rule_begin(struct nft_batch *batch, const char *chain)
{
	struct nft_rule rule = {.batch = batch, .rule = nftnl_rule_alloc()};

	if (!rule.rule || nftnl_rule_set_str(rule.rule, NFTNL_RULE_TABLE, batch->table) < 0 ||
	    nftnl_rule_set_str(rule.rule, NFTNL_RULE_CHAIN, chain) < 0)
		batch->out_of_memory = true;
	if (rule.rule)
		nftnl_rule_set_u32(rule.rule, NFTNL_RULE_FAMILY, NFPROTO_INET);
	return rule;
}

void nft_rule_end(struct nft_rule *rule)
{
	struct nlmsghdr *message =
		nft_batch_message(rule->batch, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, NFT_RULE_ROOM);

	if (message) {
		nftnl_rule_nlmsg_build_payload(message, rule->rule);
		nft_batch_add(rule->batch, message);
	}
	if (rule->rule)
		nftnl_rule_free(rule->rule);
	rule->rule = NULL;
}

/* NULL: there is no memory, and what is set in it is set nowhere. */
static struct nftnl_expr *add(struct nft_rule *rule, const char *name)
{
	struct nftnl_expr *expression = rule->rule ? nftnl_expr_alloc(name) : NULL;

	if (expression)
		nftnl_rule_add_expr(rule->rule, expression);
	else
		rule->batch->out_of_memory = true;
	return expression;
}

static void set_u32(struct nftnl_expr *expression, uint16_t attribute, uint32_t value)
{
	if (expression)
		nftnl_expr_set_u32(expression, attribute, value);
}

static void set_data(struct nft_rule *rule, struct nftnl_expr *expression, uint16_t attribute, const void *data, size_t size)
{
	if (expression && nftnl_expr_set(expression, attribute, data, (uint32_t)size) < 0)
		rule->batch->out_of_memory = true;
}

static void set_text(struct nft_rule *rule, struct nftnl_expr *expression, uint16_t attribute, const char *text)
{
	set_data(rule, expression, attribute, text, strlen(text) + 1);
}

/* Every value goes through this register: a match is done with it when the next one begins. But for those of a key. */
enum { REGISTER = NFT_REG_1 };

static void load_meta(struct nft_rule *rule, uint32_t to, uint32_t key)
{
	struct nftnl_expr *meta = add(rule, "meta");

	set_u32(meta, NFTNL_EXPR_META_KEY, key);
	set_u32(meta, NFTNL_EXPR_META_DREG, to);
}

static void load_ct(struct nft_rule *rule, uint32_t key)
{
	struct nftnl_expr *ct = add(rule, "ct");

	set_u32(ct, NFTNL_EXPR_CT_KEY, key);
	set_u32(ct, NFTNL_EXPR_CT_DREG, REGISTER);
}

static void load_packet(struct nft_rule *rule, uint32_t to, uint32_t base, uint32_t offset, uint32_t length)
{
	struct nftnl_expr *payload = add(rule, "payload");

	set_u32(payload, NFTNL_EXPR_PAYLOAD_DREG, to);
	set_u32(payload, NFTNL_EXPR_PAYLOAD_BASE, base);
	set_u32(payload, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	set_u32(payload, NFTNL_EXPR_PAYLOAD_LEN, length);
}

static void compare(struct nft_rule *rule, uint32_t how, const void *data, size_t size)
{
	struct nftnl_expr *comparison = add(rule, "cmp");

	set_u32(comparison, NFTNL_EXPR_CMP_SREG, REGISTER);
	set_u32(comparison, NFTNL_EXPR_CMP_OP, how);
	set_data(rule, comparison, NFTNL_EXPR_CMP_DATA, data, size);
}

void nft_match_socket_group(struct nft_rule *rule, uint64_t group, uint32_t level)
{
	struct nftnl_expr *socket = add(rule, "socket");

	set_u32(socket, NFTNL_EXPR_SOCKET_KEY, NFT_SOCKET_CGROUPV2);
	set_u32(socket, NFTNL_EXPR_SOCKET_LEVEL, level);
	set_u32(socket, NFTNL_EXPR_SOCKET_DREG, REGISTER);
	compare(rule, NFT_CMP_EQ, &group, sizeof group);
}

void nft_match_loopback(struct nft_rule *rule, bool output)
{
	static const uint32_t index = LOOPBACK_IFINDEX;

	load_meta(rule, REGISTER, output ? NFT_META_OIF : NFT_META_IIF);
	compare(rule, NFT_CMP_EQ, &index, sizeof index);
}

void nft_match_family(struct nft_rule *rule, uint8_t family)
{
	load_meta(rule, REGISTER, NFT_META_NFPROTO);
	compare(rule, NFT_CMP_EQ, &family, sizeof family); /* NFPROTO_IPV4 and IPV6 are AF_INET and AF_INET6 */
}

void nft_match_protocol(struct nft_rule *rule, uint8_t protocol)
{
	load_meta(rule, REGISTER, NFT_META_L4PROTO); /* of IPv6: behind its extension headers */
	compare(rule, NFT_CMP_EQ, &protocol, sizeof protocol);
}

static void load_port(struct nft_rule *rule, uint32_t to, enum nft_port which)
{
	load_packet(rule, to, NFT_PAYLOAD_TRANSPORT_HEADER, which == NFT_PORT_SOURCE ? 0 : 2, sizeof(uint16_t));
}

void nft_match_ports(struct nft_rule *rule, enum nft_port which, uint16_t first, uint16_t last)
{
	uint16_t low = htons(first), high = htons(last);

	load_port(rule, REGISTER, which);
	if (first == last) {
		compare(rule, NFT_CMP_EQ, &low, sizeof low);
		return;
	}
	compare(rule, NFT_CMP_GTE, &low, sizeof low);
	compare(rule, NFT_CMP_LTE, &high, sizeof high);
}

void nft_match_icmp_types(struct nft_rule *rule, uint8_t first, uint8_t last)
{
	load_packet(rule, REGISTER, NFT_PAYLOAD_TRANSPORT_HEADER, 0, sizeof first);
	compare(rule, NFT_CMP_GTE, &first, sizeof first);
	compare(rule, NFT_CMP_LTE, &last, sizeof last);
}

void nft_match_hop_limit(struct nft_rule *rule, uint8_t hop_limit)
{
	load_packet(rule, REGISTER, NFT_PAYLOAD_NETWORK_HEADER, 7, sizeof hop_limit);
	compare(rule, NFT_CMP_EQ, &hop_limit, sizeof hop_limit);
}

/* Where source and destination are in the headers of IPv4 (RFC 791) and IPv6 (RFC 8200). */
static void load_address(struct nft_rule *rule, uint32_t to, uint8_t family, bool destination)
{
	uint32_t offset = family == AF_INET ? (destination ? 16 : 12) : (destination ? 24 : 8);

	load_packet(rule, to, NFT_PAYLOAD_NETWORK_HEADER, offset, family == AF_INET ? 4 : 16);
}

static void look_up(struct nft_rule *rule, uint32_t in, const char *set, bool negated)
{
	struct nftnl_expr *lookup = add(rule, "lookup");

	set_u32(lookup, NFTNL_EXPR_LOOKUP_SREG, in);
	set_text(rule, lookup, NFTNL_EXPR_LOOKUP_SET, set);
	set_u32(lookup, NFTNL_EXPR_LOOKUP_FLAGS, negated ? NFT_LOOKUP_F_INV : 0);
}

void nft_match_set(struct nft_rule *rule, uint8_t family, bool destination, const char *set, bool negated)
{
	load_address(rule, REGISTER, family, destination);
	look_up(rule, REGISTER, set, negated);
}

static void mask(struct nft_rule *rule, uint32_t in, const void *bits, uint32_t size)
{
	static const uint8_t zero[16];
	struct nftnl_expr *and = add(rule, "bitwise");

	set_u32(and, NFTNL_EXPR_BITWISE_SREG, in);
	set_u32(and, NFTNL_EXPR_BITWISE_DREG, in);
	set_u32(and, NFTNL_EXPR_BITWISE_OP, NFT_BITWISE_BOOL);
	set_u32(and, NFTNL_EXPR_BITWISE_LEN, size);
	set_data(rule, and, NFTNL_EXPR_BITWISE_MASK, bits, size);
	set_data(rule, and, NFTNL_EXPR_BITWISE_XOR, zero, size);
}

void nft_match_prefix_set(struct nft_rule *rule, uint8_t family, bool destination, const char *set, uint8_t length)
{
	uint8_t bits[16] = {0};

	for (unsigned i = 0; i < length; i++)
		bits[i / 8] |= (uint8_t)(0x80 >> i % 8);
	load_address(rule, REGISTER, family, destination);
	if (length < net_address_bits(family))
		mask(rule, REGISTER, bits, net_address_bits(family) / 8);
	look_up(rule, REGISTER, set, false);
}

void nft_match_source(struct nft_rule *rule, uint32_t address)
{
	uint32_t bytes = htonl(address);

	load_address(rule, REGISTER, AF_INET, false);
	compare(rule, NFT_CMP_EQ, &bytes, sizeof bytes);
}

static void compare_bits(struct nft_rule *rule, uint32_t bits, bool none)
{
	static const uint32_t zero;

	mask(rule, REGISTER, &bits, sizeof bits);
	compare(rule, none ? NFT_CMP_EQ : NFT_CMP_NEQ, &zero, sizeof zero);
}

void nft_match_ct_state(struct nft_rule *rule, uint32_t bits, bool none)
{
	load_ct(rule, NFT_CT_STATE);
	compare_bits(rule, bits, none);
}

void nft_match_ct_status(struct nft_rule *rule, uint32_t bits, bool none)
{
	load_ct(rule, NFT_CT_STATUS);
	compare_bits(rule, bits, none);
}

/* IP_CT_DIR_*, which the kernel's headers for programs leave out. */
static const uint8_t original_direction = 0, reply_direction = 1;

void nft_match_ct_reply(struct nft_rule *rule)
{
	load_ct(rule, NFT_CT_DIRECTION);
	compare(rule, NFT_CMP_EQ, &reply_direction, sizeof reply_direction);
}

void nft_match_ct_original(struct nft_rule *rule)
{
	load_ct(rule, NFT_CT_DIRECTION);
	compare(rule, NFT_CMP_EQ, &original_direction, sizeof original_direction);
}

void nft_match_limit(struct nft_rule *rule, const struct nft_limit *limit)
{
	struct nftnl_expr *expression = add(rule, "limit");

	if (expression) {
		nftnl_expr_set_u64(expression, NFTNL_EXPR_LIMIT_RATE, limit->rate);
		nftnl_expr_set_u64(expression, NFTNL_EXPR_LIMIT_UNIT, limit->seconds);
	}
	set_u32(expression, NFTNL_EXPR_LIMIT_BURST, limit->burst);
	set_u32(expression, NFTNL_EXPR_LIMIT_TYPE, limit->bytes ? NFT_LIMIT_PKT_BYTES : NFT_LIMIT_PKTS);
	set_u32(expression, NFTNL_EXPR_LIMIT_FLAGS, limit->over ? NFT_LIMIT_F_INV : 0);
}

void nft_match_connections_over(struct nft_rule *rule, uint32_t count)
{
	struct nftnl_expr *connlimit = add(rule, "connlimit");

	set_u32(connlimit, NFTNL_EXPR_CONNLIMIT_COUNT, count);
	set_u32(connlimit, NFTNL_EXPR_CONNLIMIT_FLAGS, NFT_CONNLIMIT_F_INV);
}

static void refer(struct nft_rule *rule, uint32_t type, const char *object)
{
	struct nftnl_expr *reference = add(rule, "objref");

	set_u32(reference, NFTNL_EXPR_OBJREF_IMM_TYPE, type);
	set_text(rule, reference, NFTNL_EXPR_OBJREF_IMM_NAME, object);
}

void nft_count(struct nft_rule *rule, const char *counter)
{
	refer(rule, NFT_OBJECT_COUNTER, counter);
}

void nft_match_quota(struct nft_rule *rule, const char *quota)
{
	refer(rule, NFT_OBJECT_QUOTA, quota);
}

void nft_log(struct nft_rule *rule, uint16_t group, uint32_t length, const char *prefix)
{
	struct nftnl_expr *log = add(rule, "log");

	if (log)
		nftnl_expr_set_u16(log, NFTNL_EXPR_LOG_GROUP, rule->batch->log_groups + group);
	set_u32(log, NFTNL_EXPR_LOG_SNAPLEN, length);
	set_text(rule, log, NFTNL_EXPR_LOG_PREFIX, prefix);
}

static void end_with(struct nft_rule *rule, int verdict, const char *chain)
{
	struct nftnl_expr *immediate = add(rule, "immediate");

	set_u32(immediate, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	set_u32(immediate, NFTNL_EXPR_IMM_VERDICT, (uint32_t)verdict);
	if (chain)
		set_text(rule, immediate, NFTNL_EXPR_IMM_CHAIN, chain);
}

void nft_accept(struct nft_rule *rule)
{
	end_with(rule, NF_ACCEPT, NULL);
}

void nft_drop(struct nft_rule *rule)
{
	end_with(rule, NF_DROP, NULL);
}

void nft_return(struct nft_rule *rule)
{
	end_with(rule, NFT_RETURN, NULL);
}

void nft_jump(struct nft_rule *rule, const char *chain)
{
	end_with(rule, NFT_JUMP, chain);
}

void nft_goto(struct nft_rule *rule, const char *chain)
{
	end_with(rule, NFT_GOTO, chain);
}

void nft_reject(struct nft_rule *rule)
{
	struct nftnl_expr *reject = add(rule, "reject");

	set_u32(reject, NFTNL_EXPR_REJECT_TYPE, NFT_REJECT_ICMPX_UNREACH);
	if (reject)
		nftnl_expr_set_u8(reject, NFTNL_EXPR_REJECT_CODE, NFT_REJECT_ICMPX_ADMIN_PROHIBITED);
}

/* --- keys --- */

/* Slots are the 4-byte registers, and called as the kernel calls them in what it says: the first of four is that of 16 bytes. */
static uint32_t slot_register(unsigned slot)
{
	return slot % 4 ? NFT_REG32_00 + slot : NFT_REG_1 + slot / 4;
}

void nft_load_ct(struct nft_rule *rule, unsigned slot, uint32_t key)
{
	struct nftnl_expr *ct = add(rule, "ct");

	set_u32(ct, NFTNL_EXPR_CT_KEY, key);
	set_u32(ct, NFTNL_EXPR_CT_DREG, slot_register(slot));
	if (ct && key != NFT_CT_PROTOCOL && key != NFT_CT_STATUS)
		nftnl_expr_set_u8(ct, NFTNL_EXPR_CT_DIR, reply_direction);
}

void nft_load_ct_status(struct nft_rule *rule, unsigned slot, uint32_t bits)
{
	nft_load_ct(rule, slot, NFT_CT_STATUS);
	mask(rule, slot_register(slot), &bits, sizeof bits);
}

void nft_load_address(struct nft_rule *rule, unsigned slot, uint8_t family, bool destination)
{
	load_address(rule, slot_register(slot), family, destination);
}

void nft_load_protocol(struct nft_rule *rule, unsigned slot)
{
	load_meta(rule, slot_register(slot), NFT_META_L4PROTO);
}

void nft_load_port(struct nft_rule *rule, unsigned slot, enum nft_port which)
{
	load_port(rule, slot_register(slot), which);
}

void nft_load_zero(struct nft_rule *rule, unsigned slot)
{
	static const uint32_t zero;
	struct nftnl_expr *immediate = add(rule, "immediate");

	set_u32(immediate, NFTNL_EXPR_IMM_DREG, slot_register(slot));
	set_data(rule, immediate, NFTNL_EXPR_IMM_DATA, &zero, sizeof zero);
}

void nft_match_loaded_byte(struct nft_rule *rule, unsigned slot, uint8_t value)
{
	struct nftnl_expr *comparison = add(rule, "cmp");

	set_u32(comparison, NFTNL_EXPR_CMP_SREG, slot_register(slot));
	set_u32(comparison, NFTNL_EXPR_CMP_OP, NFT_CMP_EQ);
	set_data(rule, comparison, NFTNL_EXPR_CMP_DATA, &value, sizeof value);
}

void nft_match_loaded_set(struct nft_rule *rule, const char *set)
{
	look_up(rule, slot_register(0), set, false);
}

void nft_count_in_set(struct nft_rule *rule, const char *set)
{
	struct nftnl_expr *dynamic = add(rule, "dynset"), *counter = nftnl_expr_alloc("counter");

	set_u32(dynamic, NFTNL_EXPR_DYNSET_SREG_KEY, slot_register(0));
	set_u32(dynamic, NFTNL_EXPR_DYNSET_OP, NFT_DYNSET_OP_UPDATE);
	set_text(rule, dynamic, NFTNL_EXPR_DYNSET_SET_NAME, set);
	if (!counter)
		rule->batch->out_of_memory = true;
	else if (!dynamic || nftnl_expr_set(dynamic, NFTNL_EXPR_DYNSET_EXPR, counter, 0) < 0)
		nftnl_expr_free(counter);
}
