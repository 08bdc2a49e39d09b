/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IP packets taken apart: whole ones, fragments, what is cut off, what lies about its length. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <string.h>

#include "lib/net/headers.h"

#define HEAD_4(total, fragment, protocol) \
	0x45, 0, (total) >> 8, (total) & 0xff, 0, 1, (fragment) >> 8, (fragment) & 0xff, 64, (protocol), 0, 0, 192, 0, 2, 1, 192, 0, 2, 2
#define HEAD_6(payload, next) \
	0x60, 0, 0, 0, (payload) >> 8, (payload) & 0xff, (next), 64, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, \
	0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2
#define PORTS(from, to) (from) >> 8, (from) & 0xff, (to) >> 8, (to) & 0xff
#define UDP(from, to, length) PORTS(from, to), 0, (length), 0, 0

static bool is(const uint8_t *address, int family, const char *text)
{
	char name[INET6_ADDRSTRLEN];

	return strcmp(inet_ntop(family, address, name, sizeof name), text) == 0;
}

Test(headers, of_both_families)
{
	static const uint8_t four[] = {HEAD_4(30, 0, IPPROTO_UDP), UDP(5353, 53, 10), 'h', 'i', 0, 0 /* padding */};
	static const uint8_t six[] = {HEAD_6(20, IPPROTO_TCP), PORTS(40000, 443), [59] = 7};
	struct packet packet;

	cr_assert(packet_read(four, sizeof four, &packet));
	cr_expect_eq(packet.family, AF_INET);
	cr_expect(is(packet.source, AF_INET, "192.0.2.1"));
	cr_expect(is(packet.destination, AF_INET, "192.0.2.2"));
	cr_expect_eq(packet.protocol, IPPROTO_UDP);
	cr_expect(packet.has_ports);
	cr_expect_eq(packet.source_port, 5353);
	cr_expect_eq(packet.destination_port, 53);
	cr_assert_eq(packet.payload_length, 2);
	cr_expect_arr_eq(packet.payload, "hi", 2);

	cr_assert(packet_read(six, sizeof six, &packet));
	cr_expect_eq(packet.family, AF_INET6);
	cr_expect(is(packet.source, AF_INET6, "2001:db8::1"));
	cr_expect(is(packet.destination, AF_INET6, "2001:db8::2"));
	cr_expect_eq(packet.protocol, IPPROTO_TCP);
	cr_expect_eq(packet.destination_port, 443);
	cr_expect_eq(packet.payload_length, 20);
}

Test(headers, extension_headers_are_passed_over)
{
	static const uint8_t chain[] = {HEAD_6(32, IPPROTO_HOPOPTS), IPPROTO_DSTOPTS, 0, 0, 0, 0, 0, 0, 0,
					IPPROTO_FRAGMENT, 0, 0, 0, 0, 0, 0, 0, /* destination options */
					IPPROTO_UDP, 0, 0, 1, 0, 0, 0, 9 /* the first of several */, UDP(1, 2, 8)};
	static const uint8_t later[] = {HEAD_6(16, IPPROTO_FRAGMENT), IPPROTO_UDP, 0, 0, 8, 0, 0, 0, 9, UDP(1, 2, 8)};
	static const uint8_t icmp[] = {HEAD_6(8, IPPROTO_ICMPV6), 128, 0, 0, 0, 0, 0, 0, 0};
	struct packet packet;

	cr_assert(packet_read(chain, sizeof chain, &packet));
	cr_expect_eq(packet.protocol, IPPROTO_UDP);
	cr_expect(packet.has_ports);
	cr_expect_eq(packet.destination_port, 2);
	cr_expect_eq(packet.payload_length, 0);
	cr_assert(packet_read(later, sizeof later, &packet));
	cr_expect_eq(packet.protocol, IPPROTO_UDP);
	cr_expect_not(packet.has_ports);
	cr_assert(packet_read(icmp, sizeof icmp, &packet));
	cr_expect_not(packet.has_ports);
	cr_expect_eq(packet.payload_length, 8);
}

Test(headers, a_later_fragment_has_no_ports)
{
	static const uint8_t first[] = {HEAD_4(28, 0x2000, IPPROTO_UDP), UDP(1, 2, 8)};
	static const uint8_t later[] = {HEAD_4(28, 0x00b9, IPPROTO_UDP), UDP(1, 2, 8)};
	struct packet packet;

	cr_assert(packet_read(first, sizeof first, &packet));
	cr_expect(packet.has_ports);
	cr_assert(packet_read(later, sizeof later, &packet));
	cr_expect_not(packet.has_ports);
	cr_expect_eq(packet.payload_length, 8);
}

Test(headers, what_is_not_there_is_not_read)
{
	static const uint8_t four[] = {HEAD_4(28, 0, IPPROTO_UDP), UDP(1, 2, 8)};
	static const uint8_t six[] = {HEAD_6(16, IPPROTO_HOPOPTS), IPPROTO_UDP, 0, 0, 0, 0, 0, 0, 0, UDP(1, 2, 8)};
	static const uint8_t wrong[][20] = {
		{0x44, 0, 0, 20}, {0x45, 0, 0, 19}, {0x46, 0, 0, 24}, {0x55, 0, 0, 20}, {0},
	};
	struct packet packet;

	for (size_t length = 0; length < sizeof four; length++)
		cr_expect_not(packet_read(four, length, &packet), "%zu", length);
	for (size_t length = 0; length < sizeof six; length++)
		cr_expect_not(packet_read(six, length, &packet), "%zu", length);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		cr_expect_not(packet_read(wrong[i], sizeof wrong[i], &packet), "%zu", i);
}
