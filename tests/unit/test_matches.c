/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Matches that are merged, or taken apart into pairs, pass the same packets as before. */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/net/packet.h"
#include "lib/net/pairs.h"
#include "lib/net/prefix.h"

static uint64_t random_state = 7;

static uint64_t random_below(uint64_t n)
{
	uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (z ^ (z >> 31)) % n;
}

static struct net_match match_of(const char *prefix, uint8_t protocol, uint16_t first, uint16_t last)
{
	struct net_match match = {.protocol = protocol, .first = first, .last = last};
	struct error err = {0};

	cr_assert_eq(net_prefix_parse(prefix, &match.prefix, &err), 0, "%s", err.text);
	return match;
}

/* Of 32 addresses and 12 ports about 53: so few that they meet often. */
enum { ADDRESSES = 32, FIRST_PORT = 48, PORTS = 12 };
static struct net_match random_match(void)
{
	uint8_t length = (uint8_t)(27 + random_below(6)), host = (uint8_t)random_below(ADDRESSES);
	uint16_t first = (uint16_t)(FIRST_PORT + random_below(PORTS)), last = (uint16_t)(first + random_below(4));
	struct net_match match = {{AF_INET, length, {10, 0, 0, (uint8_t)(host >> (32 - length) << (32 - length))}},
				  random_below(2) ? IPPROTO_TCP : IPPROTO_UDP, first, last};

	if (random_below(8) == 0) {
		match.first = 0;
		match.last = UINT16_MAX;
	}
	return match;
}

static bool any_passes(const struct net_match *matches, size_t count, const struct net_packet *packet)
{
	for (size_t i = 0; i < count; i++)
		if (net_match_passes(&matches[i], packet))
			return true;
	return false;
}

Test(matches, merged_they_pass_the_same_packets)
{
	enum { MANY = 24 };

	for (int round = 0; round < 1000; round++) {
		struct net_match before[MANY], after[MANY];
		size_t count = 1 + random_below(MANY), merged;

		for (size_t i = 0; i < count; i++)
			before[i] = random_match();
		memcpy(after, before, sizeof after);
		merged = net_matches_merge(after, count);
		cr_assert_leq(merged, count);
		for (size_t n = 0; n < (size_t)ADDRESSES * (PORTS + 4) * 2; n++) {
			struct net_packet packet = {.family = AF_INET, .address = {10, 0, 0, (uint8_t)(n % ADDRESSES)},
						    .port = (uint16_t)(FIRST_PORT + n / ADDRESSES / 2),
						    .protocol = n / ADDRESSES % 2 ? IPPROTO_TCP : IPPROTO_UDP};

			cr_assert_eq(any_passes(before, count, &packet), any_passes(after, merged, &packet), "round %d", round);
		}
		for (size_t i = 1; i < merged; i++)
			cr_assert_lt(net_match_order(&after[i - 1], &after[i]), 0);
	}
}

Test(matches, ports_of_one_prefix_that_overlap_or_adjoin_are_one)
{
	struct net_match matches[] = {
		match_of("10.0.0.0/8", IPPROTO_TCP, 82, 90),	match_of("10.0.0.0/8", IPPROTO_TCP, 80, 80),
		match_of("10.0.0.0/8", IPPROTO_TCP, 81, 81),	match_of("10.0.0.0/8", IPPROTO_TCP, 85, 100),
		match_of("10.0.0.0/8", IPPROTO_TCP, 102, 102),	match_of("10.0.0.0/8", IPPROTO_UDP, 101, 101),
		match_of("11.0.0.0/8", IPPROTO_TCP, 101, 101),	match_of("10.0.0.0/8", IPPROTO_TCP, 65535, 65535),
		match_of("10.0.0.0/8", IPPROTO_TCP, 60000, 65534),
	};
	const struct net_match merged[] = {
		match_of("10.0.0.0/8", IPPROTO_TCP, 80, 100),	match_of("11.0.0.0/8", IPPROTO_TCP, 101, 101),
		match_of("10.0.0.0/8", IPPROTO_TCP, 102, 102),	match_of("10.0.0.0/8", IPPROTO_TCP, 60000, 65535),
		match_of("10.0.0.0/8", IPPROTO_UDP, 101, 101),
	};

	cr_assert_eq(net_matches_merge(matches, ARRAY_SIZE(matches)), ARRAY_SIZE(merged));
	for (size_t i = 0; i < ARRAY_SIZE(merged); i++)
		cr_expect_eq(net_match_order(&matches[i], &merged[i]), 0, "%zu: %u-%u", i, matches[i].first, matches[i].last);
}

/* Whose answers are believed must not depend on what else is allowed there. */
Test(matches, what_is_for_asking_a_resolver_stays_that)
{
	struct net_match matches[] = {match_of("10.0.0.53", IPPROTO_UDP, 50, 60), match_of("10.0.0.53", IPPROTO_UDP, 53, 53),
				      match_of("10.0.0.53", IPPROTO_UDP, 52, 52), match_of("10.0.0.53", IPPROTO_UDP, 0, UINT16_MAX)};
	size_t merged = net_matches_merge(matches, ARRAY_SIZE(matches));

	cr_assert_eq(merged, 2);
	cr_expect(net_match_is_for_names(&matches[0]) || net_match_is_for_names(&matches[1]));
}

Test(matches, few_addresses_with_few_ports_are_pairs)
{
	const struct {
		struct net_match match;
		size_t pairs;
	} cases[] = {
		{match_of("10.0.0.1", IPPROTO_TCP, 80, 80), 1},	       {match_of("10.0.0.1", IPPROTO_UDP, 80, 95), 16},
		{match_of("10.0.0.1", IPPROTO_TCP, 80, 96), 0},	       {match_of("10.0.0.0/28", IPPROTO_TCP, 80, 80), 16},
		{match_of("10.0.0.0/28", IPPROTO_TCP, 80, 81), 0},     {match_of("10.0.0.0/27", IPPROTO_TCP, 80, 80), 0},
		{match_of("fd00::/124", IPPROTO_SCTP, 0, 0), 16},      {match_of("::/0", IPPROTO_TCP, 80, 80), 0},
		{match_of("10.0.0.1", IPPROTO_TCP, 0, UINT16_MAX), 0}, {match_of("10.0.0.1", IPPROTO_ICMP, 0, UINT16_MAX), 0},
		{match_of("10.0.0.1", 0, 0, UINT16_MAX), 0},	       {match_of("10.0.0.1", IPPROTO_TCP, 65535, 65535), 1},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		cr_expect_eq(net_match_pairs(&cases[i].match), cases[i].pairs, "%zu", i);
}

Test(matches, pairs_are_what_the_matches_pass_each_once)
{
	enum { MANY = 8 };

	for (int round = 0; round < 1000; round++) {
		struct net_match matches[MANY], small[MANY];
		struct net_pair pairs[MANY * NET_PAIRS_OF_MATCH_MAX];
		size_t smalls = 0, passed = 0, count;

		for (size_t i = 0; i < MANY; i++) {
			matches[i] = random_match();
			if (net_match_pairs(&matches[i]))
				small[smalls++] = matches[i];
		}
		cr_assert_eq(net_pairs(matches, MANY, AF_INET6, pairs), 0);
		count = net_pairs(matches, MANY, AF_INET, pairs);
		for (size_t i = 0; i < count; i++) {
			struct net_packet packet = {.family = AF_INET, .protocol = pairs[i].protocol, .port = pairs[i].port};

			memcpy(packet.address, pairs[i].address, sizeof packet.address);
			cr_assert(any_passes(small, smalls, &packet));
			cr_assert(i == 0 || memcmp(&pairs[i - 1], &pairs[i], sizeof *pairs) != 0);
		}
		for (size_t n = 0; n < (size_t)ADDRESSES * (PORTS + 4) * 2; n++) {
			struct net_packet packet = {.family = AF_INET, .address = {10, 0, 0, (uint8_t)(n % ADDRESSES)},
						    .port = (uint16_t)(FIRST_PORT + n / ADDRESSES / 2),
						    .protocol = n / ADDRESSES % 2 ? IPPROTO_TCP : IPPROTO_UDP};

			passed += any_passes(small, smalls, &packet);
		}
		cr_assert_eq(count, passed, "round %d", round);
	}
}
