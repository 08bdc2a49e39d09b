/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages in packets: whole, in pieces, and what only looks like one. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/base/cleanup.h"
#include "lib/net/dns_stream.h"

enum { ROOM = 70000 };
static struct dns_streams streams;
static char heard[ROOM]; /* each message and a "." */

static void hear(const uint8_t *message, size_t length, void *data)
{
	size_t used = strlen(heard);

	(void)data;
	cr_assert_lt(used + length + 2, sizeof heard);
	memcpy(heard + used, message, length);
	memcpy(heard + used + length, ".", 2);
}

/* From the server's to this port of the client's. */
static void segment(uint16_t client_port, uint8_t flags, uint32_t sequence, const void *bytes, size_t length)
{
	static uint8_t payload[ROOM];
	struct tcphdr tcp = {.th_off = sizeof tcp / 4, .th_flags = flags, .th_seq = htonl(sequence)};
	struct packet packet = {.family = AF_INET, .source = {10, 0, 0, 53}, .destination = {10, 0, 0, 2}, .protocol = IPPROTO_TCP,
				.has_ports = true, .source_port = 53, .destination_port = client_port,
				.payload = payload, .payload_length = sizeof tcp + length};

	memcpy(payload, &tcp, sizeof tcp);
	if (length)
		memcpy(payload + sizeof tcp, bytes, length);
	dns_streams_take(&streams, &packet, hear, NULL);
}

static void opened(uint16_t client_port, uint32_t first)
{
	segment(client_port, TH_SYN | TH_ACK, first - 1, NULL, 0);
}

static const uint8_t two[] = {0, 3, 'a', 'b', 'c', 0, 1, 'd'};

Test(dns_stream, by_udp_a_packet_is_a_message)
{
	struct packet packet = {.protocol = IPPROTO_UDP, .payload = (const uint8_t *)"abc", .payload_length = 3};

	dns_streams_take(&streams, &packet, hear, NULL);
	cr_expect_str_eq(heard, "abc.");
}

Test(dns_stream, wherever_segments_begin_the_messages_are_the_same)
{
	for (uint32_t first = 1; first < 4; first++)
		for (size_t one = 0; one <= sizeof two; one++)
			for (size_t other = one; other <= sizeof two; other++) {
				uint32_t at = first == 3 ? UINT32_MAX - 3 : first; /* over the end of sequence numbers, too */

				heard[0] = '\0';
				opened(4000, at);
				segment(4000, TH_ACK, at, two, one);
				segment(4000, TH_ACK, at + (uint32_t)one, two + one, other - one);
				segment(4000, TH_ACK | TH_FIN, at + (uint32_t)other, two + other, sizeof two - other);
				cr_expect_str_eq(heard, "abc.d.", "%zu, %zu", one, other);
			}
}

Test(dns_stream, what_is_sent_again_is_said_once)
{
	opened(4000, 1);
	segment(4000, TH_ACK, 1, two, 4);
	segment(4000, TH_ACK, 1, two, 4);
	segment(4000, TH_ACK, 3, two + 2, 6); /* with more */
	segment(4000, TH_ACK, 8, NULL, 0);    /* a question whether we are there */
	segment(4000, TH_ACK, 9, two, 5);
	cr_expect_str_eq(heard, "abc.d.abc.");
}

/* In a message of whoever has the name that was asked for there is another, and the segment begins with that. */
Test(dns_stream, a_message_within_another_is_none)
{
	static const uint8_t outer[] = {0, 9, 'o', 'u', 0, 3, 'b', 'a', 'd', 'e', 'r'};

	opened(4000, 1);
	segment(4000, TH_ACK, 1, outer, 4);
	segment(4000, TH_ACK, 5, outer + 4, sizeof outer - 4);
	cr_expect(memcmp(heard, outer + 2, 2) == 0 && strlen(heard + 2) == 0, "it has zeros: %s", heard);
	heard[0] = '\0';
	segment(4001, TH_ACK, 5, outer + 4, sizeof outer - 4);
	cr_expect_str_eq(heard, "", "of a connection whose beginning is not known");
	opened(4000, 1);
	segment(4000, TH_ACK, 5, outer + 4, sizeof outer - 4);
	segment(4000, TH_ACK, 1, outer, 4);
	segment(4000, TH_ACK, 5, outer + 4, sizeof outer - 4);
	segment(4000, TH_ACK, 12, two, sizeof two);
	cr_expect_str_eq(heard, "", "of one that had a hole");
}

Test(dns_stream, a_long_message_is_passed_over_and_the_next_is_heard)
{
	static const size_t lengths[] = {DNS_MESSAGE_MAX, DNS_MESSAGE_MAX + 1, UINT16_MAX};
	static uint8_t bytes[ROOM];

	for (size_t l = 0; l < ARRAY_SIZE(lengths); l++) {
		size_t length = 2 + lengths[l];

		memset(bytes, 'x', sizeof bytes);
		bytes[0] = (uint8_t)(lengths[l] >> 8);
		bytes[1] = (uint8_t)lengths[l];
		memcpy(bytes + length, two, sizeof two);
		length += sizeof two;
		heard[0] = '\0';
		opened(4000, 7);
		for (size_t at = 0; at < length; at += 1000)
			segment(4000, TH_ACK, 7 + (uint32_t)at, bytes + at, length - at < 1000 ? length - at : 1000);
		cr_expect_eq(strlen(heard), strlen("abc.d.") + (l == 0 ? DNS_MESSAGE_MAX + 1 : 0));
	}
}

Test(dns_stream, many_at_a_time_and_the_first_is_given_up)
{
	for (uint16_t i = 0; i <= DNS_STREAMS_MAX; i++) {
		opened(4000 + i, 1);
		segment(4000 + i, TH_ACK, 1, two, 3);
	}
	for (uint16_t i = 0; i <= DNS_STREAMS_MAX; i++) {
		heard[0] = '\0';
		segment(4000 + i, TH_ACK, 4, two + 3, 2);
		cr_expect_str_eq(heard, i == 0 ? "" : "abc.", "%u", i);
	}
}

Test(dns_stream, a_header_that_is_not_there_is_none)
{
	uint8_t bytes[64] = {[13] = TH_SYN, [20] = 0, 1, 'a'};
	struct packet packet = {.protocol = IPPROTO_TCP, .has_ports = true, .destination_port = 4000, .payload = bytes};

	for (size_t length = 0; length <= sizeof bytes; length++)
		for (unsigned offset = 0; offset < 16; offset++) {
			packet.payload_length = length;
			bytes[12] = (uint8_t)(offset << 4);
			heard[0] = '\0';
			dns_streams_take(&streams, &packet, hear, NULL);
			cr_expect_eq(heard[0] == 'a', offset == 5 && length >= 23, "%u, %zu", offset, length);
		}
	packet.protocol = IPPROTO_SCTP;
	heard[0] = '\0';
	dns_streams_take(&streams, &packet, hear, NULL);
	cr_expect_str_eq(heard, "");
}
