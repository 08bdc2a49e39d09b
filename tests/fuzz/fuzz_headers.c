/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as an IP packet, and what is in it as a DNS answer, as stint-network does with what the kernel hands it. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "lib/net/answers.h"
#include "lib/net/headers.h"
#include "lib/net/protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dns_answer answer;
	struct dns_message messages[DNS_MESSAGES_MAX];
	struct packet packet;
	size_t count;

	if (!packet_read(data, size, &packet))
		return 0;
	if (packet.family != AF_INET && packet.family != AF_INET6)
		abort();
	if (packet.payload < data || packet.payload > data + size || packet.payload_length > (size_t)(data + size - packet.payload))
		abort();
	if (packet.has_ports && !protocol_has_ports(packet.protocol))
		abort();
	count = net_answer_messages(&packet, messages);
	for (size_t i = 0; i < count; i++) {
		if (messages[i].bytes < packet.payload || messages[i].length > packet.payload_length ||
		    messages[i].bytes + messages[i].length > packet.payload + packet.payload_length)
			abort();
		(void)dns_read_answer(messages[i].bytes, messages[i].length, &answer, NULL);
	}
	return 0;
}
