/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An IP packet as a container sends it, taken apart as far as rules look at it. Pure; the packet is hostile. */
#ifndef STINT_NET_HEADERS_H
#define STINT_NET_HEADERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct packet {
	uint8_t family; /* AF_INET, AF_INET6 */
	uint8_t source[16], destination[16];
	uint8_t protocol;	/* above IP, and above what extension headers of IPv6 are passed over */
	bool has_ports;		/* false for a later fragment, too */
	uint16_t source_port, destination_port;
	const uint8_t *payload; /* after the header of UDP; else after IP's. In the packet */
	size_t payload_length;	/* as far as the packet was copied */
};

/* `length`: how much of it there is, which may be less than it had. False: it is no IP packet, or its headers are not there. */
bool packet_read(const void *bytes, size_t length, struct packet *ret_packet);

#endif
