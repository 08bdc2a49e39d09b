/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/net/protocol.h"

#include <netinet/in.h>
#include <string.h>

#include "lib/base/cleanup.h"

static const struct protocol {
	const char *name;
	uint8_t number;
	bool ports;
} protocols[] = {
	{"tcp", IPPROTO_TCP, true},	    {"udp", IPPROTO_UDP, true},	  {"icmp", IPPROTO_ICMP, false}, {"icmpv6", IPPROTO_ICMPV6, false},
	{"udplite", IPPROTO_UDPLITE, true}, {"sctp", IPPROTO_SCTP, true}, {"dccp", IPPROTO_DCCP, true},	 {"esp", IPPROTO_ESP, false},
	{"ah", IPPROTO_AH, false},	    {"gre", IPPROTO_GRE, false},  {"igmp", IPPROTO_IGMP, false},
};

int protocol_from_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		if (strcmp(protocols[i].name, name) == 0)
			return protocols[i].number;
	return -1;
}

static const struct protocol *find(uint8_t number)
{
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		if (protocols[i].number == number)
			return &protocols[i];
	return NULL;
}

const char *protocol_name(uint8_t protocol)
{
	const struct protocol *known = find(protocol);

	return known ? known->name : NULL;
}

bool protocol_has_ports(uint8_t protocol)
{
	const struct protocol *known = find(protocol);

	return known && known->ports;
}
