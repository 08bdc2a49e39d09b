/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/net/dns_stream.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

enum { LENGTH_SIZE = 2 };

static bool is_of(const struct dns_stream *stream, const struct packet *packet)
{
	return stream->client_port && stream->client_port == packet->destination_port && stream->server_port == packet->source_port &&
	       stream->family == packet->family && memcmp(stream->server, packet->source, sizeof stream->server) == 0 &&
	       memcmp(stream->client, packet->destination, sizeof stream->client) == 0;
}

static struct dns_stream *find(struct dns_streams *streams, const struct packet *packet)
{
	for (unsigned i = 0; i < DNS_STREAMS_MAX; i++)
		if (is_of(&streams->list[i], packet))
			return &streams->list[i];
	return NULL;
}

static void begin(struct dns_streams *streams, const struct packet *packet, uint32_t next)
{
	struct dns_stream *stream = find(streams, packet);

	if (!stream)
		stream = &streams->list[streams->next++ % DNS_STREAMS_MAX];
	stream->family = packet->family;
	memcpy(stream->server, packet->source, sizeof stream->server);
	memcpy(stream->client, packet->destination, sizeof stream->client);
	stream->server_port = packet->source_port;
	stream->client_port = packet->destination_port;
	stream->next = next;
	stream->passing = stream->length = 0;
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* How many bytes of the message that is held are known to come, its length included. */
static size_t wanted(const struct dns_stream *stream)
{
	return stream->length < LENGTH_SIZE ? LENGTH_SIZE : LENGTH_SIZE + ((size_t)stream->held[0] << 8 | stream->held[1]);
}

/* Of what follows as much as belongs together. Returns how much that was. */
static size_t take_some(struct dns_stream *stream, const uint8_t *bytes, size_t length, dns_message_told *told, void *data)
{
	size_t some = smaller(length, stream->passing);

	if (stream->passing) {
		stream->passing -= some;
		return some;
	}
	some = smaller(length, wanted(stream) - stream->length);
	memcpy(stream->held + stream->length, bytes, some);
	stream->length += some;
	if (wanted(stream) > sizeof stream->held) {
		stream->passing = wanted(stream) - LENGTH_SIZE;
		stream->length = 0;
	} else if (stream->length == wanted(stream)) {
		told(stream->held + LENGTH_SIZE, stream->length - LENGTH_SIZE, data);
		stream->length = 0;
	}
	return some;
}

static void take_segment(struct dns_stream *stream, uint32_t sequence, const uint8_t *bytes, size_t length, dns_message_told *told,
			 void *data)
{
	uint32_t known = stream->next - sequence; /* of its bytes */

	if (known > INT32_MAX) { /* it begins further on */
		stream->client_port = 0;
		return;
	}
	if (known >= length)
		return;
	bytes += known;
	length -= known;
	stream->next += (uint32_t)length;
	for (size_t some; length; bytes += some, length -= some)
		some = take_some(stream, bytes, length, told, data);
}

void dns_streams_take(struct dns_streams *streams, const struct packet *packet, dns_message_told *told, void *data)
{
	struct dns_stream *stream;
	uint32_t sequence;
	struct tcphdr tcp;

	if (packet->protocol == IPPROTO_UDP)
		return told(packet->payload, packet->payload_length, data);
	if (packet->protocol != IPPROTO_TCP || !packet->has_ports || packet->payload_length < sizeof tcp)
		return;
	memcpy(&tcp, packet->payload, sizeof tcp);
	if (tcp.th_off * 4U < sizeof tcp || tcp.th_off * 4U > packet->payload_length)
		return;
	sequence = ntohl(tcp.th_seq);
	if (tcp.th_flags & TH_SYN)
		begin(streams, packet, ++sequence);
	stream = find(streams, packet);
	if (stream)
		take_segment(stream, sequence, packet->payload + tcp.th_off * 4U, packet->payload_length - tcp.th_off * 4U, told, data);
}
