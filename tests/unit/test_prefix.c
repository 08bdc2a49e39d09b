/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prefixes: what is one, and that sets of them stay the same set. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/base/cleanup.h"
#include "lib/net/prefix.h"
#include "lib/net/sets.h"

static uint64_t random_state = 5;

static uint64_t random_below(uint64_t n)
{
	uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (z ^ (z >> 31)) % n;
}

Test(prefix, are_read_and_written_alike)
{
	static const char *const texts[][2] = {
		{"10.0.0.0/8", "10.0.0.0/8"}, {"0.0.0.0/0", "0.0.0.0/0"}, {"192.0.2.1", "192.0.2.1"},
		{"192.0.2.1/32", "192.0.2.1"}, {"::/0", "::/0"}, {"FC00::/7", "fc00::/7"}, {"2001:db8::1/128", "2001:db8::1"},
		{"2001:db8:0:0::/64", "2001:db8::/64"}, {"::1", "::1"}, {"::ffff:10.0.0.1", "::ffff:10.0.0.1"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		char text[NET_PREFIX_TEXT_MAX];
		struct net_prefix prefix;

		cr_assert_eq(net_prefix_parse(texts[i][0], &prefix, NULL), 0, "%s", texts[i][0]);
		cr_assert_str_eq(net_prefix_format(&prefix, text), texts[i][1]);
	}
}

Test(prefix, what_is_none_is_refused)
{
	static const char *const texts[] = {
		"", "/", "10", "10.0.0", "10.0.0.0.0", "010.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/+8",
		"10.0.0.0/8 ", " 10.0.0.0/8", "10.0.0.0/255.0.0.0", "256.0.0.0", "0x0a.0.0.0", "::/129", "::/-1", ":::", "fe80::1%eth0",
		"[::1]", "1:2:3:4:5:6:7:8:9", "10.0.0.0/8/8", "10.0.0.0/4294967304",
		"1111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct net_prefix prefix = {.family = 99};
		struct error err = {0};

		cr_assert_eq(net_prefix_parse(texts[i], &prefix, &err), -EINVAL, "%s", texts[i]);
		cr_assert_eq(prefix.family, 99);
		cr_assert(err.text[0]);
	}
}

Test(prefix, bits_below_the_length_are_refused_with_the_right_prefix)
{
	struct net_prefix prefix;
	struct error err = {0};

	cr_assert_eq(net_prefix_parse("10.1.2.3/8", &prefix, &err), -EINVAL);
	cr_assert(strstr(err.text, "\"10.0.0.0/8\""), "%s", err.text);
	cr_assert_eq(net_prefix_parse("2001:db8::1/33", &prefix, &err), -EINVAL);
	cr_assert(strstr(err.text, "\"2001:db8::/33\""), "%s", err.text);
}

/* Of a small corner of the addresses, so that they meet. */
static struct net_prefix random_prefix(void)
{
	struct net_prefix prefix = {.family = AF_INET, .length = (uint8_t)(24 + random_below(9)), .address = {10}};

	prefix.address[3] = (uint8_t)(random_below(256) & (0xff00 >> (prefix.length - 24)));
	return prefix;
}

static bool has_any(const struct net_prefix *set, size_t count, const uint8_t address[16])
{
	for (size_t i = 0; i < count; i++)
		if (net_prefix_has(&set[i], AF_INET, address))
			return true;
	return false;
}

Test(prefix, merged_they_are_the_same_set_and_the_fewest)
{
	for (int round = 0; round < 3000; round++) {
		struct net_prefix before[24], after[24];
		size_t count = random_below(24) + 1, merged;

		for (size_t i = 0; i < count; i++)
			before[i] = random_prefix();
		memcpy(after, before, sizeof after);
		merged = net_prefixes_merge(after, count);
		for (int n = 0; n < 256; n++) {
			const uint8_t address[16] = {10, 0, 0, (uint8_t)n};

			cr_assert_eq(has_any(before, count, address), has_any(after, merged, address), "round %d: 10.0.0.%d", round, n);
		}
		for (size_t i = 1; i < merged; i++) {
			cr_assert_lt(net_prefix_order(&after[i - 1], &after[i]), 0);
			cr_assert_not(net_prefix_covers(&after[i - 1], &after[i]));
		}
		cr_assert_eq(net_prefixes_merge(after, merged), merged);
	}
}

Test(prefix, halves_become_their_whole_up_to_all_there_is)
{
	struct net_prefix set[512];

	for (unsigned i = 0; i < 256; i++)
		set[i] = (struct net_prefix){AF_INET, 8, {(uint8_t)(255 - i)}};
	for (unsigned i = 0; i < 256; i++)
		set[256 + i] = (struct net_prefix){AF_INET6, 8, {(uint8_t)i}};
	cr_assert_eq(net_prefixes_merge(set, 512), 2);
	cr_assert_eq(set[0].length, 0);
	cr_assert_eq(set[1].length, 0);
	cr_assert_eq(set[1].family, AF_INET6);
}

Test(prefix, without_a_hole_all_the_rest_is_there)
{
	const struct net_prefix whole = {AF_INET, 24, {10}}, hole = {AF_INET, 32, {10, 0, 0, 77}};
	struct net_prefix pieces[NET_PREFIX_PIECES_MAX];
	size_t count = net_prefix_without(&whole, &hole, pieces);

	cr_assert_eq(count, 8);
	for (int n = 0; n < 256; n++) {
		const uint8_t address[16] = {10, 0, 0, (uint8_t)n};

		cr_assert_eq(has_any(pieces, count, address), n != 77, "10.0.0.%d", n);
	}
}

Test(prefix, the_internet_is_nothing_private_and_all_else_of_ipv4)
{
	static const char *const in[] = {"8.8.8.8", "1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.255.255",
					 "172.32.0.0", "223.255.255.255", "2001:db8::1", "3fff::1", "64:ff9b::808:808"};
	static const char *const out[] = {"10.0.0.0", "100.64.0.0", "100.127.255.255", "172.16.0.0", "172.31.255.255", "169.254.1.1",
					  "192.168.0.1", "0.0.0.1", "127.0.0.1", "224.0.0.1", "255.255.255.255", "fd00::1", "fe80::1", "ff02::1", "::1"};
	struct net_prefix internet[NET_INTERNET_MAX], address;
	size_t count = net_internet(internet);

	for (size_t i = 0; i < ARRAY_SIZE(in) + ARRAY_SIZE(out); i++) {
		bool wanted = i < ARRAY_SIZE(in), found = false;
		const char *text = wanted ? in[i] : out[i - ARRAY_SIZE(in)];

		cr_assert_eq(net_prefix_parse(text, &address, NULL), 0);
		for (size_t k = 0; k < count; k++)
			found = found || net_prefix_covers(&internet[k], &address);
		cr_assert_eq(found, wanted, "%s", text);
	}
}
