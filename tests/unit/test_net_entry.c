/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries of network rules: how they are written, and what is refused. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/net/entry.h"

Test(net_entry, what_means_the_same_has_one_text)
{
	static const char *const texts[][2] = {
		{"10.0.0.0/8", "10.0.0.0/8"},
		{"10.0.0.0/8 tcp 5432", "10.0.0.0/8 tcp 5432"},
		{"  10.0.0.0/8   6  5432 ", "10.0.0.0/8 tcp 5432"},
		{"192.0.2.1/32 udp 53-53", "192.0.2.1 udp 53"},
		{"192.0.2.1 tcp 0-65535", "192.0.2.1 tcp"},
		{"FD00::/8 sctp 1-2", "fd00::/8 sctp 1-2"},
		{"::1 dccp 5", "::1 dccp 5"},
		{"any", "any"},
		{"any udplite 1", "any udplite 1"},
		{"any 58", "any icmpv6"},
		{"any 132 9", "any sctp 9"},
		{"any 254", "any 254"},
		{"10.0.0.1 icmp", "10.0.0.1 icmp"},
		{"private tcp", "private tcp"},
		{"internet tcp 443", "internet tcp 443"},
		{"dns", "dns"},
		{"loopback", "loopback"},
		{"db-1", "db-1"},
		{"API.Example.COM. tcp 443", "api.example.com tcp 443"},
		{"*.example.com", "*.example.com"},
		{"*.Example.com. 17", "*.example.com udp"},
		{"a_b.example.x1", "a_b.example.x1"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		char text[NET_ENTRY_TEXT_MAX], again[NET_ENTRY_TEXT_MAX];
		struct net_entry entry;
		struct error err = {0};

		cr_assert_eq(net_entry_parse(texts[i][0], &entry, &err), 0, "%s: %s", texts[i][0], err.text);
		cr_assert_str_eq(net_entry_format(&entry, text), texts[i][1]);
		cr_assert_eq(net_entry_parse(text, &entry, NULL), 0);
		cr_assert_str_eq(net_entry_format(&entry, again), text);
	}
}

Test(net_entry, what_is_wrong_is_said)
{
	static const char *const texts[][2] = {
		{"", "an entry is"},
		{"   ", "an entry is"},
		{"any tcp 1 2", "an entry is"},
		{"any\ttcp", "no address"},
		{"10.1.2.3/8", "\"10.0.0.0/8\""},
		{"10.0.0.0/8 tpc 1", "did you mean tcp"},
		{"10.0.0.0/8 0", "no protocol"},
		{"10.0.0.0/8 256", "no protocol"},
		{"10.0.0.0/8 06", "no protocol"},
		{"10.0.0.0/8 TCP", "no protocol"},
		{"10.0.0.0/8 5432", "no protocol"},
		{"any icmp 8", "has no ports"},
		{"any 89 1", "has no ports"},
		{"any tcp 65536", "no port"},
		{"any tcp -1", "no port"},
		{"any tcp 1-", "no port"},
		{"any tcp 1-2-3", "no port"},
		{"any tcp 080", "no port"},
		{"any tcp http", "no port"},
		{"any tcp 99999999999999999999", "no port"},
		{"any tcp 443-80", "backwards"},
		{"dns tcp", "nothing can follow dns"},
		{"loopback tcp 1", "nothing can follow loopback"},
		{"db tcp 5432", "nothing can follow db"},
		{"1.2.3.4.5", "no IPv4 address"},
		{"*", "no address"},
		{"*.com", "top-level"},
		{"*.", "top-level"},
		{"*.*.example.com", "no address"},
		{"a.*.com", "no address"},
		{"-a.example.com", "no address"},
		{"a-.example.com", "no address"},
		{"a..example.com", "no address"},
		{".example.com", "no address"},
		{"example.com..", "no address"},
		{"example.123", "no address"},
		{"b\xc3\xbc" "cher.example", "no address"},
		{"a.example b.example.com", "no protocol"},
		{"DB", "no address"},
		{"db_1", "no address"},
		{"http://example.com", "no IPv6 address"},
		{"example.com/24", "no IPv4 address"},
		{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example.com", "no address"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct net_entry entry = {.match = {.first = 7}};
		struct error err = {0};

		cr_assert_eq(net_entry_parse(texts[i][0], &entry, &err), -EINVAL, "%s", texts[i][0]);
		cr_assert(strstr(err.text, texts[i][1]), "%s: %s", texts[i][0], err.text);
		cr_assert_eq(entry.match.first, 7);
	}
}

Test(net_entry, of_any_length_is_refused)
{
	static char text[100000];
	struct net_entry entry;

	for (size_t length = 200; length < sizeof text; length *= 3) {
		memset(text, 'a', length);
		text[length] = '\0';
		cr_assert_eq(net_entry_parse(text, &entry, NULL), -EINVAL);
		for (size_t i = 1; i < length; i += 2)
			text[i] = '.';
		cr_assert(net_entry_parse(text, &entry, NULL) == -EINVAL || strlen(entry.name) < DNS_NAME_MAX);
	}
}
