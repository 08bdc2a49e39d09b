/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose answers are believed, and what they open. Pure.
 *
 * A resolver is an address that egress allows at port 53 and nothing else: by `dns`, or by an entry that says "udp 53" or "tcp 53".
 * What is allowed as a whole ("10.0.0.0/8") is none: whoever listens there at port 53 could open whatever a name is for.
 */
#ifndef STINT_NET_ANSWERS_H
#define STINT_NET_ANSWERS_H

#include "lib/net/dns.h"
#include "lib/net/headers.h"
#include "lib/net/packet.h"

/* The packet, which the rules have logged as a reply from port 53, is of a resolver's. */
bool net_is_resolvers(const struct net_policy *policy, const struct packet *packet);

/* Or of one whose answers give names to what is recorded, and open nothing: that the container's resolv.conf names. */
bool net_is_recorded_resolvers(const struct net_record *record, const struct packet *packet);

/* Some entry of the policy is for this name. */
bool net_policy_knows(const struct net_policy *policy, const char *name);

/* The packet passes every layer of egress once its address is one of the name's. */
bool net_policy_opens(const struct net_policy *policy, const char *name, const struct net_packet *packet);

#endif
