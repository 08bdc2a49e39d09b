/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as an IP packet, and what is in it as a DNS answer, as stint-network does with what the kernel hands it. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "lib/net/dns.h"
#include "lib/net/dns_stream.h"
#include "lib/net/headers.h"
#include "lib/net/protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct dns_streams streams; /* as they were left by the packets before */

static void take_message(const uint8_t *message, size_t length, void *data)
{
	static struct dns_answer answer;

	(void)data;
	(void)dns_read_answer(message, length, &answer, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct packet packet;

	if (!packet_read(data, size, &packet))
		return 0;
	if (packet.family != AF_INET && packet.family != AF_INET6)
		abort();
	if (packet.payload < data || packet.payload > data + size || packet.payload_length > (size_t)(data + size - packet.payload))
		abort();
	if (packet.has_ports && !protocol_has_ports(packet.protocol))
		abort();
	dns_streams_take(&streams, &packet, take_message, NULL);
	for (unsigned i = 0; i < DNS_STREAMS_MAX; i++)
		if (streams.list[i].length > sizeof streams.list[i].held)
			abort();
	return 0;
}
