/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/net/ranges.h"

#include <string.h>
#include <sys/socket.h>

size_t net_address_size(uint8_t family)
{
	return family == AF_INET ? 4 : 16;
}

static struct net_range from_prefix(const struct net_prefix *prefix)
{
	struct net_range range = {.open = true};
	unsigned carry = prefix->length ? 1U << (7 - (prefix->length - 1) % 8) : 0;

	memcpy(range.first, prefix->address, sizeof range.first);
	memcpy(range.end, prefix->address, sizeof range.end);
	for (size_t i = prefix->length ? (size_t)(prefix->length - 1) / 8 + 1 : 0; i-- > 0 && carry;) {
		carry += range.end[i];
		range.end[i] = (uint8_t)carry;
		carry >>= 8;
		range.open = carry != 0;
	}
	return range;
}

size_t net_ranges(const struct net_prefix *prefixes, size_t count, struct net_range *ret_ranges)
{
	size_t size = count ? net_address_size(prefixes[0].family) : 0, ranges = 0;

	for (size_t i = 0; i < count; i++) {
		struct net_range next = from_prefix(&prefixes[i]), *last = ranges ? &ret_ranges[ranges - 1] : NULL;

		if (!last || (!last->open && memcmp(next.first, last->end, size) > 0)) {
			ret_ranges[ranges++] = next;
		} else if (!last->open && (next.open || memcmp(next.end, last->end, size) > 0)) {
			last->open = next.open;
			memcpy(last->end, next.end, sizeof last->end);
		}
	}
	return ranges;
}

bool net_range_is_all(const struct net_range *range)
{
	static const uint8_t zero[sizeof range->first];

	return range->open && memcmp(range->first, zero, sizeof zero) == 0;
}
