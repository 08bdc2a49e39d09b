/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a policy says of one packet, by the words of lib/net/policy.h and nothing else: slow and plain, to hold the kernel's
 * rules against.
 */
#ifndef STINT_NET_PACKET_H
#define STINT_NET_PACKET_H

#include "lib/net/policy.h"

/* A packet that begins a connection, and is not on loopback. */
struct net_packet {
	uint8_t direction; /* NET_EGRESS, NET_INGRESS */
	uint8_t family;
	uint8_t address[16]; /* the other end's */
	uint8_t protocol;
	uint16_t port; /* of the end that is connected to; any, where the protocol has none */
};

bool net_match_passes(const struct net_match *match, const struct net_packet *packet);
bool net_layer_passes(const struct net_layer *layer, const struct net_packet *packet);
/* Of the layers only: without names, rates and quotas. */
bool net_policy_passes(const struct net_policy *policy, const struct net_packet *packet);

#endif
