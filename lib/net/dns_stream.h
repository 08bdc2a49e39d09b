/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The messages of DNS servers in packets: one in UDP; in TCP one after the other, each after its length (RFC 1035, 4.2.2). Pure.
 *
 * Of a connection what is taken begins with its first byte, after the SYN that opened it, and ends where one is missing or out of order.
 * A segment may begin anywhere in a message, and what stands there is said by whoever has the name that was asked for: nothing that
 * follows an unknown byte is taken for a message.
 */
#ifndef STINT_NET_DNS_STREAM_H
#define STINT_NET_DNS_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/net/headers.h"

enum {
	DNS_STREAMS_MAX = 16,	/* of more than that at a time the one that began first is given up */
	DNS_MESSAGE_MAX = 4096, /* longer ones are passed over */
};

struct dns_stream {
	uint8_t family, server[16], client[16];
	uint16_t server_port, client_port; /* client_port 0: there is none */
	uint32_t next;	 /* the sequence number of the byte that follows */
	size_t passing;	 /* bytes of a message that is passed over, still to come */
	size_t length;	 /* of what is held: of one message, from its length on */
	uint8_t held[2 + DNS_MESSAGE_MAX];
};

struct dns_streams {
	struct dns_stream list[DNS_STREAMS_MAX];
	unsigned next;
};

/* Where `packet` is from is the server. Tells each message that ends in it. */
typedef void dns_message_told(const uint8_t *message, size_t length, void *data);
void dns_streams_take(struct dns_streams *streams, const struct packet *packet, dns_message_told *told, void *data);

#endif
