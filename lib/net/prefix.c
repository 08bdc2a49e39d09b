/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/net/prefix.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"

unsigned net_address_bits(uint8_t family)
{
	return family == AF_INET ? 32 : 128;
}

static bool bit_of(const struct net_prefix *prefix, unsigned n)
{
	return prefix->address[n / 8] >> (7 - n % 8) & 1;
}

/* Clears what is below the length; false where there was nothing. */
static bool cut(struct net_prefix *prefix)
{
	bool was_set = false;

	for (unsigned n = prefix->length; n < net_address_bits(prefix->family); n++)
		if (bit_of(prefix, n)) {
			prefix->address[n / 8] &= (uint8_t)~(1u << (7 - n % 8));
			was_set = true;
		}
	return was_set;
}

/* Decimal, without a sign or leading zeros, which some read as octal. */
static bool read_length(const char *text, unsigned max, uint8_t *ret_length)
{
	unsigned value = 0;
	size_t digits = 0;

	for (; digits < 3 && text[digits] >= '0' && text[digits] <= '9'; digits++)
		value = 10 * value + (unsigned)(text[digits] - '0');
	if (!digits || text[digits] || (text[0] == '0' && digits > 1) || value > max)
		return false;
	*ret_length = (uint8_t)value;
	return true;
}

int net_prefix_parse(const char *text, struct net_prefix *ret_prefix, struct error *err)
{
	struct net_prefix prefix = {.family = strchr(text, ':') ? AF_INET6 : AF_INET};
	unsigned bits = net_address_bits(prefix.family);
	const char *slash = strchr(text, '/');
	char address[INET6_ADDRSTRLEN], right[NET_PREFIX_TEXT_MAX];
	size_t length = slash ? (size_t)(slash - text) : strlen(text);

	if (length >= sizeof address)
		return error_set(err, EINVAL, "\"%.64s\" is no address", text);
	memcpy(address, text, length);
	address[length] = '\0';
	if (inet_pton(prefix.family, address, prefix.address) != 1)
		return error_set(err, EINVAL, "\"%.64s\" is no IPv%d address", address, prefix.family == AF_INET ? 4 : 6);
	prefix.length = (uint8_t)bits;
	if (slash && !read_length(slash + 1, bits, &prefix.length))
		return error_set(err, EINVAL, "\"%.64s\": the length of a prefix is a number from 0 to %u", text, bits);
	if (cut(&prefix))
		return error_set(err, EINVAL, "\"%.64s\" has bits set below its length; write \"%s\", or the address alone", text,
				 net_prefix_format(&prefix, right));
	*ret_prefix = prefix;
	return 0;
}

const char *net_prefix_format(const struct net_prefix *prefix, char text[NET_PREFIX_TEXT_MAX])
{
	size_t used;

	if (!inet_ntop(prefix->family, prefix->address, text, NET_PREFIX_TEXT_MAX))
		text[0] = '\0';
	used = strlen(text);
	if (prefix->length < net_address_bits(prefix->family))
		(void)snprintf(text + used, NET_PREFIX_TEXT_MAX - used, "/%u", prefix->length);
	return text;
}

struct net_prefix net_prefix_of_address(uint8_t family, const void *address)
{
	struct net_prefix prefix = {.family = family, .length = (uint8_t)net_address_bits(family)};

	memcpy(prefix.address, address, net_address_bits(family) / 8);
	return prefix;
}

struct net_prefix net_prefix_all(uint8_t family)
{
	return (struct net_prefix){.family = family};
}

int net_prefix_order(const void *a, const void *b)
{
	const struct net_prefix *p = a, *q = b;
	int order = (p->family > q->family) - (p->family < q->family);

	if (order == 0)
		order = memcmp(p->address, q->address, sizeof p->address);
	return order ? order : (p->length > q->length) - (p->length < q->length);
}

bool net_prefix_has(const struct net_prefix *prefix, uint8_t family, const void *address)
{
	const uint8_t *bytes = address;
	unsigned whole = prefix->length / 8, rest = prefix->length % 8;

	if (prefix->family != family || memcmp(prefix->address, bytes, whole) != 0)
		return false;
	return !rest || (prefix->address[whole] ^ bytes[whole]) >> (8 - rest) == 0;
}

bool net_prefix_covers(const struct net_prefix *wide, const struct net_prefix *narrow)
{
	return wide->length <= narrow->length && net_prefix_has(wide, narrow->family, narrow->address);
}

/* The two halves of one prefix, in order. */
static bool are_halves(const struct net_prefix *a, const struct net_prefix *b)
{
	struct net_prefix parent = *a;

	if (a->length == 0 || a->length != b->length || bit_of(a, a->length - 1u))
		return false;
	parent.length--;
	return net_prefix_covers(&parent, b) && bit_of(b, b->length - 1u);
}

/* One more, in order, on those that are merged already. */
static size_t push(struct net_prefix *merged, size_t count, struct net_prefix next)
{
	if (count && net_prefix_covers(&merged[count - 1], &next))
		return count;
	while (count && are_halves(&merged[count - 1], &next)) {
		next = merged[--count];
		next.length--;
	}
	merged[count] = next;
	return count + 1;
}

size_t net_prefixes_merge(struct net_prefix *prefixes, size_t count)
{
	size_t merged = 0;

	if (count)
		qsort(prefixes, count, sizeof *prefixes, net_prefix_order);
	for (size_t i = 0; i < count; i++)
		merged = push(prefixes, merged, prefixes[i]);
	return merged;
}

size_t net_prefix_without(const struct net_prefix *from, const struct net_prefix *hole,
			  struct net_prefix ret_pieces[NET_PREFIX_PIECES_MAX])
{
	size_t count = 0;

	/* At each bit on the way to the hole, the half that it is not in. */
	for (unsigned length = from->length + 1u; length <= hole->length; length++) {
		struct net_prefix *piece = &ret_pieces[count++];

		*piece = *hole;
		piece->length = (uint8_t)length;
		(void)cut(piece);
		piece->address[(length - 1) / 8] ^= (uint8_t)(1u << (7 - (length - 1) % 8));
	}
	return count;
}

static int order_of_ports(const struct net_match *a, const struct net_match *b)
{
	int order = (a->protocol > b->protocol) - (a->protocol < b->protocol);

	if (order == 0)
		order = (a->first > b->first) - (a->first < b->first);
	return order ? order : (a->last > b->last) - (a->last < b->last);
}

int net_match_order(const void *a, const void *b)
{
	const struct net_match *m = a, *n = b;
	int order = order_of_ports(m, n);

	return order ? order : net_prefix_order(&m->prefix, &n->prefix);
}

/* Lists of a hundred thousand are mostly sorted already. */
void net_matches_sort(struct net_match *matches, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (net_match_order(&matches[i - 1], &matches[i]) > 0) {
			qsort(matches, count, sizeof *matches, net_match_order);
			return;
		}
}

static int order_of_prefix(const void *a, const void *b)
{
	const struct net_match *m = a, *n = b;
	int order = net_prefix_order(&m->prefix, &n->prefix);

	return order ? order : order_of_ports(m, n);
}

/* `next` begins in or right after the ports of `last`. What is for asking a resolver stays that. */
static bool go_on(const struct net_match *last, const struct net_match *next)
{
	return last->protocol == next->protocol && next->first <= last->last + 1 &&
	       net_prefix_order(&last->prefix, &next->prefix) == 0 && !net_match_is_for_names(last) && !net_match_is_for_names(next);
}

static size_t merge_ports(struct net_match *matches, size_t count)
{
	size_t merged = 0;

	qsort(matches, count, sizeof *matches, order_of_prefix);
	for (size_t i = 0; i < count; i++)
		if (!merged || !go_on(&matches[merged - 1], &matches[i]))
			matches[merged++] = matches[i];
		else if (matches[i].last > matches[merged - 1].last)
			matches[merged - 1].last = matches[i].last;
	return merged;
}

size_t net_matches_same_ports(const struct net_match *matches, size_t count)
{
	size_t same = 1;

	while (same < count && order_of_ports(&matches[0], &matches[same]) == 0)
		same++;
	return same;
}

size_t net_matches_merge(struct net_match *matches, size_t count)
{
	size_t merged = 0;

	net_matches_sort(matches, count);
	if (count && order_of_ports(&matches[0], &matches[count - 1]) != 0) {
		count = merge_ports(matches, count);
		net_matches_sort(matches, count);
	}
	for (size_t i = 0, same; i < count; i += same) {
		size_t start = merged;

		same = net_matches_same_ports(&matches[i], count - i);
		for (size_t k = i; k < i + same; k++) {
			struct net_match next = matches[k];

			if (merged > start && net_prefix_covers(&matches[merged - 1].prefix, &next.prefix))
				continue;
			while (merged > start && are_halves(&matches[merged - 1].prefix, &next.prefix)) {
				next.prefix = matches[--merged].prefix;
				next.prefix.length--;
			}
			matches[merged++] = next;
		}
	}
	return merged;
}
