/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/net/headers.h"

#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <string.h>

#include "lib/net/protocol.h"

/* What is left of a packet. */
struct rest {
	const uint8_t *bytes;
	size_t length;
};

static bool take(struct rest *rest, void *header, size_t size)
{
	if (rest->length < size)
		return false;
	memcpy(header, rest->bytes, size);
	return true;
}

static bool skip(struct rest *rest, size_t size)
{
	if (rest->length < size)
		return false;
	rest->bytes += size;
	rest->length -= size;
	return true;
}

/* Link layers pad, and a copy may end early. */
static void cut(struct rest *rest, size_t length)
{
	rest->length = length < rest->length ? length : rest->length;
}

static bool read_4(struct rest *rest, struct packet *packet, bool *later_fragment)
{
	struct iphdr ip;

	if (!take(rest, &ip, sizeof ip) || ip.ihl < 5 || ntohs(ip.tot_len) < ip.ihl * 4)
		return false;
	cut(rest, ntohs(ip.tot_len));
	memcpy(packet->source, &ip.saddr, sizeof ip.saddr);
	memcpy(packet->destination, &ip.daddr, sizeof ip.daddr);
	packet->family = AF_INET;
	packet->protocol = ip.protocol;
	*later_fragment = ntohs(ip.frag_off) & IP_OFFMASK;
	return skip(rest, ip.ihl * 4U);
}

static bool is_passed_over(uint8_t next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_DSTOPTS || next == IPPROTO_FRAGMENT;
}

static bool read_6(struct rest *rest, struct packet *packet, bool *later_fragment)
{
	struct ip6_hdr ip;

	if (!take(rest, &ip, sizeof ip))
		return false;
	memcpy(packet->source, &ip.ip6_src, sizeof ip.ip6_src);
	memcpy(packet->destination, &ip.ip6_dst, sizeof ip.ip6_dst);
	packet->family = AF_INET6;
	packet->protocol = ip.ip6_nxt;
	(void)skip(rest, sizeof ip);
	if (ip.ip6_plen) /* 0: a jumbogram, longer than that can say */
		cut(rest, ntohs(ip.ip6_plen));
	/* Each is eight bytes at least: the packet's end is theirs. */
	while (is_passed_over(packet->protocol) && !*later_fragment) {
		struct ip6_ext extension;
		struct ip6_frag fragment;
		bool fragmented = packet->protocol == IPPROTO_FRAGMENT;

		if (!take(rest, &extension, sizeof extension))
			return false;
		if (fragmented && take(rest, &fragment, sizeof fragment))
			*later_fragment = (fragment.ip6f_offlg & IP6F_OFF_MASK) != 0;
		if (!skip(rest, fragmented ? sizeof fragment : (extension.ip6e_len + 1U) * 8))
			return false;
		packet->protocol = extension.ip6e_nxt;
	}
	return true;
}

static bool read_ports(struct rest *rest, struct packet *packet)
{
	uint16_t ports[2];

	if (!take(rest, ports, sizeof ports))
		return false;
	packet->has_ports = true;
	packet->source_port = ntohs(ports[0]);
	packet->destination_port = ntohs(ports[1]);
	return packet->protocol != IPPROTO_UDP || skip(rest, sizeof(struct udphdr));
}

bool packet_read(const void *bytes, size_t length, struct packet *ret_packet)
{
	struct rest rest = {.bytes = bytes, .length = length};
	bool later_fragment = false, whole = false;
	int version = length ? rest.bytes[0] >> 4 : 0;

	*ret_packet = (struct packet){0};
	if (version == 4)
		whole = read_4(&rest, ret_packet, &later_fragment);
	else if (version == 6)
		whole = read_6(&rest, ret_packet, &later_fragment);
	if (whole && !later_fragment && protocol_has_ports(ret_packet->protocol))
		whole = read_ports(&rest, ret_packet);
	ret_packet->payload = rest.bytes;
	ret_packet->payload_length = rest.length;
	return whole;
}
