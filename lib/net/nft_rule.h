/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One rule, expression by expression: the few that our rules are made of. Each match lets what it does not match go on to the
 * next rule; the last word is a verdict.
 */
#ifndef STINT_NET_NFT_RULE_H
#define STINT_NET_NFT_RULE_H

#include "lib/net/nft_batch.h"

struct nftnl_rule;

struct nft_rule {
	struct nft_batch *batch;
	struct nftnl_rule *rule; /* NULL: there was no memory */
};

struct nft_rule nft_rule_begin(struct nft_batch *batch, const char *chain);
/* Puts it into the batch. */
void nft_rule_end(struct nft_rule *rule);

/* The socket that sends it, or gets it, is of the v2 group with this id, so deep below the root, or of one below it. What is no
 * socket's (the kernel's own resets, acknowledgements of connections that are over) goes on to the next rule. */
void nft_match_socket_group(struct nft_rule *rule, uint64_t group, uint32_t level);
/* The interface it leaves (or comes) by is the loopback one. */
void nft_match_loopback(struct nft_rule *rule, bool output);
void nft_match_family(struct nft_rule *rule, uint8_t family); /* AF_* */
void nft_match_protocol(struct nft_rule *rule, uint8_t protocol);
/* Of TCP and its like, by their common place; the bounds belong to it. */
enum nft_port { NFT_PORT_SOURCE, NFT_PORT_DESTINATION };
void nft_match_ports(struct nft_rule *rule, enum nft_port which, uint16_t first, uint16_t last);
void nft_match_icmp_types(struct nft_rule *rule, uint8_t first, uint8_t last);
void nft_match_hop_limit(struct nft_rule *rule, uint8_t hop_limit); /* IPv6 */
/* The other end's address is in the set (or, `negated`, is not). The family must have been matched. */
void nft_match_set(struct nft_rule *rule, uint8_t family, bool destination, const char *set, bool negated);
/* Likewise so many of its first bits, with none set behind them. */
void nft_match_prefix_set(struct nft_rule *rule, uint8_t family, bool destination, const char *set, uint8_t length);
void nft_match_source(struct nft_rule *rule, uint32_t address); /* IPv4, in host's order */

/* Any of these bits is set; or, `none`, not one. NF_CT_STATE_BIT(…), IPS_*. */
void nft_match_ct_state(struct nft_rule *rule, uint32_t bits, bool none);
void nft_match_ct_status(struct nft_rule *rule, uint32_t bits, bool none);
void nft_match_ct_reply(struct nft_rule *rule);
void nft_match_ct_original(struct nft_rule *rule);

/* Under (or, `over`, not under) so many packets, or bytes, in so many seconds. */
struct nft_limit {
	uint64_t rate, seconds;
	uint32_t burst;
	bool bytes, over;
};
void nft_match_limit(struct nft_rule *rule, const struct nft_limit *limit);
/* More than so many connections that came by here are alive. */
void nft_match_connections_over(struct nft_rule *rule, uint32_t count);
void nft_count(struct nft_rule *rule, const char *counter);
/* With what the quota object says, which is of account when it is asked of the packet for the second time (nft_new_quota). */
void nft_match_quota(struct nft_rule *rule, const char *quota);
/* `group`: NFT_LOG_*. */
void nft_log(struct nft_rule *rule, uint16_t group, uint32_t length, const char *prefix);

void nft_accept(struct nft_rule *rule);
void nft_drop(struct nft_rule *rule);
void nft_return(struct nft_rule *rule);
void nft_jump(struct nft_rule *rule, const char *chain);
void nft_goto(struct nft_rule *rule, const char *chain);
/* An ICMP error says at once that it may not (administratively prohibited). */
void nft_reject(struct nft_rule *rule);

/*
 * A key of several values, in slots of 4 bytes from 0 on, to be looked for or counted in a set. Of the packet's own headers: an address,
 * of the family that has been matched, the protocol, a port as in nft_match_ports. Of its connection: the protocol, its status, and, of
 * its replies, whom they are from (NFT_CT_SRC_IP, NFT_CT_SRC_IP6, NFT_CT_PROTO_SRC) and to (NFT_CT_DST_IP, …), so that all its packets
 * have the same key, as it is behind any translation of addresses. What is not of that family, or of no connection, goes on to the next
 * rule.
 */
enum { NFT_SLOT_SIZE = 4, NFT_SLOTS = 16 };
void nft_load_ct(struct nft_rule *rule, unsigned slot, uint32_t key);
void nft_load_ct_status(struct nft_rule *rule, unsigned slot, uint32_t bits); /* of the status these bits */
void nft_load_address(struct nft_rule *rule, unsigned slot, uint8_t family, bool destination);
void nft_load_protocol(struct nft_rule *rule, unsigned slot);
void nft_load_port(struct nft_rule *rule, unsigned slot, enum nft_port which);
void nft_load_zero(struct nft_rule *rule, unsigned slot);
void nft_match_loaded_byte(struct nft_rule *rule, unsigned slot, uint8_t value);
void nft_match_loaded_set(struct nft_rule *rule, const char *set);
/* Counts the packet in the set's element of that key, which is put there when it is not. A set that has no room: the rule ends. */
void nft_count_in_set(struct nft_rule *rule, const char *set);

#endif
