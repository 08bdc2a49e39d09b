/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers of DNS servers: those that resolvers give, and those that nobody should believe. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "lib/net/dns.h"

/* A message in the making. Names are written out, or as pointers to where one was written before. */
struct message {
	uint8_t bytes[2048];
	size_t length;
};

enum { A = 1, CNAME = 5, TXT = 16, AAAA = 28 };
enum { RESPONSE = 0x8180, QUERY = 0x0100, CUT = 0x8380, NXDOMAIN = 0x8183, NOTIFY = 0xa180, QUESTION = 12 };

static void put8(struct message *m, unsigned value)
{
	cr_assert(m->length < sizeof m->bytes);
	m->bytes[m->length++] = (uint8_t)value;
}

static void put16(struct message *m, unsigned value)
{
	put8(m, value >> 8);
	put8(m, value & 0xff);
}

static void put_name(struct message *m, const char *name)
{
	while (*name) {
		size_t label = strcspn(name, ".");

		put8(m, (unsigned)label);
		for (size_t i = 0; i < label; i++)
			put8(m, (unsigned char)name[i]);
		name += label + (name[label] == '.');
	}
	put8(m, 0);
}

static void put_pointer(struct message *m, unsigned offset) { put16(m, 0xc000 | offset); }

static struct message begin(unsigned flags, const char *name, unsigned type, unsigned answers)
{
	struct message m = {0};

	put16(&m, 0x1234);
	put16(&m, flags);
	put16(&m, 1);
	put16(&m, answers);
	put16(&m, 0);
	put16(&m, 0);
	put_name(&m, name);
	put16(&m, type);
	put16(&m, 1);
	return m;
}

static void put_record(struct message *m, const char *owner, unsigned type, unsigned ttl, const void *data, size_t size)
{
	if (owner)
		put_name(m, owner);
	else
		put_pointer(m, QUESTION);
	put16(m, type);
	put16(m, 1);
	put16(m, ttl >> 16);
	put16(m, ttl & 0xffff);
	put16(m, (unsigned)size);
	for (size_t i = 0; i < size; i++)
		put8(m, ((const uint8_t *)data)[i]);
}

static void put_cname(struct message *m, const char *owner, const char *target, unsigned ttl)
{
	struct message name = {0};

	put_name(&name, target);
	put_record(m, owner, CNAME, ttl, name.bytes, name.length);
}

static int read_it(const struct message *m, struct dns_answer *answer)
{
	struct error err = {0};
	int r = dns_read_answer(m->bytes, m->length, answer, &err);

	cr_assert(r == 0 || (r == -EBADMSG && err.text[0]), "%d %s", r, err.text);
	return r;
}

static void expect_address(const struct dns_answer *answer, size_t i, const char *address, unsigned ttl)
{
	char text[INET6_ADDRSTRLEN];

	cr_assert_lt(i, answer->count);
	cr_assert_str_eq(inet_ntop(answer->addresses[i].family, answer->addresses[i].bytes, text, sizeof text), address);
	cr_assert_eq(answer->addresses[i].ttl, ttl, "%u", answer->addresses[i].ttl);
}

Test(dns, reads_the_addresses_of_a_name)
{
	static const uint8_t six[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 7};
	struct message m = begin(RESPONSE, "API.Example.com", A, 2);
	struct dns_answer answer;

	put_record(&m, NULL, A, 300, "\xc0\x00\x02\x01", 4);
	put_record(&m, "api.EXAMPLE.com", A, 60, "\xc0\x00\x02\x02", 4);
	cr_assert_eq(read_it(&m, &answer), 0);
	cr_assert_str_eq(answer.name, "api.example.com");
	cr_assert_eq(answer.count, 2);
	expect_address(&answer, 0, "192.0.2.1", 300);
	expect_address(&answer, 1, "192.0.2.2", 60);

	m = begin(RESPONSE, "a_b-1.example", AAAA, 1);
	put_record(&m, NULL, AAAA, 5, six, sizeof six);
	cr_assert_eq(read_it(&m, &answer), 0);
	expect_address(&answer, 0, "2001:db8::7", 5);
}

Test(dns, follows_other_names_in_whatever_order)
{
	struct message m = begin(RESPONSE, "www.example.com", A, 4);
	struct dns_answer answer;

	put_record(&m, "edge.cdn.test", A, 20, "\xc0\x00\x02\x09", 4);
	put_cname(&m, "mid.cdn.test", "Edge.cdn.test", 90);
	put_record(&m, "other.test", A, 20, "\xc0\x00\x02\x63", 4); /* of a name that nobody asked for */
	put_cname(&m, "www.example.com", "mid.cdn.test", 10);
	cr_assert_eq(read_it(&m, &answer), 0);
	cr_assert_str_eq(answer.name, "www.example.com");
	cr_assert_eq(answer.count, 1);
	expect_address(&answer, 0, "192.0.2.9", 10);
}

Test(dns, names_that_lead_in_a_circle_lead_nowhere)
{
	struct message m = begin(RESPONSE, "a.test", A, 2);
	struct dns_answer answer;

	put_cname(&m, "a.test", "b.test", 10);
	put_cname(&m, "b.test", "a.test", 10);
	cr_assert_eq(read_it(&m, &answer), 0);
	cr_assert_eq(answer.count, 0);
}

Test(dns, takes_only_what_was_asked_for)
{
	struct message m = begin(RESPONSE, "a.test", A, 3);
	static const uint8_t six[16] = {0xfd};
	struct dns_answer answer;

	put_record(&m, NULL, AAAA, 10, six, sizeof six);
	put_record(&m, NULL, A, 10, "\x7f\x00\x00\x01\x00", 5); /* of no address's length */
	put_record(&m, "evil.test", A, 10, "\x0a\x00\x00\x01", 4);
	cr_assert_eq(read_it(&m, &answer), 0);
	cr_assert_eq(answer.count, 0);

	m = begin(NXDOMAIN, "a.test", A, 1);
	put_record(&m, NULL, A, 10, "\x0a\x00\x00\x01", 4);
	cr_assert_eq(read_it(&m, &answer), 0);
	cr_assert_eq(answer.count, 0);
}

Test(dns, more_addresses_than_there_is_room_for_are_left_out)
{
	struct message m = begin(RESPONSE, "a.test", A, DNS_ADDRESSES_MAX + 1);
	static struct dns_answer answer;

	for (int i = 0; i < DNS_ADDRESSES_MAX + 1; i++)
		put_record(&m, NULL, A, 10, "\x0a\x00\x00\x01", 4);
	cr_assert_eq(read_it(&m, &answer), 0);
	cr_assert_eq(answer.count, DNS_ADDRESSES_MAX);
}

Test(dns, refuses_what_is_no_answer)
{
	static const struct {
		unsigned flags;
		const char *name;
		unsigned type;
	} cases[] = {
		{QUERY, "a.test", A}, {CUT, "a.test", A}, {NOTIFY, "a.test", A}, {RESPONSE, "a.test", TXT},
		{RESPONSE, "a b.test", A}, {RESPONSE, "a\001.test", A}, {RESPONSE, "a\\.test", A}, {RESPONSE, "", A},
		{RESPONSE, "*.test", A}, {RESPONSE, "\xc3\xa4.test", A},
	};
	struct dns_answer answer;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct message m = begin(cases[i].flags, cases[i].name, cases[i].type, 1);

		put_record(&m, NULL, A, 10, "\x0a\x00\x00\x01", 4);
		cr_assert_eq(read_it(&m, &answer), -EBADMSG, "case %zu", i);
		cr_assert_eq(answer.count, 0);
	}
}

Test(dns, refuses_what_is_broken_wherever_it_breaks_off)
{
	struct message m = begin(RESPONSE, "www.example.com", A, 2);
	struct dns_answer answer;

	put_cname(&m, "www.example.com", "edge.test", 10);
	put_record(&m, "edge.test", A, 10, "\x0a\x00\x00\x01", 4);
	for (size_t length = 0; length < m.length; length++) {
		struct message part = m;

		part.length = length;
		cr_assert_eq(read_it(&part, &answer), -EBADMSG, "%zu bytes", length);
	}
	/* A name that points at itself. */
	m = begin(RESPONSE, "", A, 0);
	m.length = QUESTION;
	put_pointer(&m, QUESTION);
	put16(&m, A);
	put16(&m, 1);
	cr_assert_eq(read_it(&m, &answer), -EBADMSG);
}

Test(dns, names_match_as_their_patterns_say)
{
	static const struct {
		const char *pattern, *name;
		bool matches;
	} cases[] = {
		{"example.com", "example.com", true},
		{"example.com", "www.example.com", false},
		{"example.com", "badexample.com", false},
		{"*.example.com", "www.example.com", true},
		{"*.example.com", "a.b.example.com", true},
		{"*.example.com", "example.com", false},
		{"*.example.com", ".example.com", false},
		{"*.example.com", "badexample.com", false},
		{"*.example.com", "www.example.com.evil.test", false},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		cr_expect_eq(dns_name_matches(cases[i].pattern, cases[i].name), cases[i].matches, "%s %s", cases[i].pattern,
			     cases[i].name);
}
