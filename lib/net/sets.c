/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/net/sets.h"

#include <string.h>
#include <sys/socket.h>

#include "lib/base/cleanup.h"
#include "lib/net/prefix.h"

const struct net_prefix net_private[NET_PRIVATE_COUNT] = {
	{AF_INET, 8, {10}},
	{AF_INET, 10, {100, 64}},
	{AF_INET, 12, {172, 16}},
	{AF_INET, 16, {169, 254}},
	{AF_INET, 16, {192, 168}},
	{AF_INET6, 7, {0xfc}},
	{AF_INET6, 10, {0xfe, 0x80}},
};

const struct net_prefix net_local[NET_LOCAL_COUNT] = {
	{AF_INET, 8, {0}},
	{AF_INET, 8, {127}},
	{AF_INET, 3, {224}}, /* 224/4 and 240/4 */
};

/* Each from its cloud's own documentation of instance metadata. */
const struct net_metadata net_metadata[NET_METADATA_COUNT] = {
	/* AWS IMDS, Azure IMDS, Google, OpenStack, DigitalOcean, Hetzner, Linode, Oracle, IBM, Yandex, Vultr, Exoscale */
	{{AF_INET, 32, {169, 254, 169, 254}}, "cloud metadata"},
	{{AF_INET, 32, {169, 254, 170, 2}}, "AWS ECS task credentials"},
	{{AF_INET, 32, {169, 254, 170, 23}}, "AWS EKS pod identity"},
	{{AF_INET, 32, {169, 254, 0, 23}}, "Tencent Cloud metadata"},
	{{AF_INET, 32, {169, 254, 42, 42}}, "Scaleway metadata"},
	{{AF_INET, 32, {100, 100, 100, 200}}, "Alibaba Cloud metadata"},
	{{AF_INET, 32, {192, 0, 0, 192}}, "Oracle Cloud Classic metadata"},
	/* Not IMDS, but it gives out the machine's certificates and settings. Its DNS stays open to `dns`. */
	{{AF_INET, 32, {168, 63, 129, 16}}, "Azure WireServer"},
	{{AF_INET6, 128, {0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, 0x54}}, "AWS metadata"},
	{{AF_INET6, 128, {0xfd, 0x00, 0x0e, 0xc2, [15] = 0x23}}, "AWS EKS pod identity"},
	{{AF_INET6, 128, {0xfd, 0x20, 0x00, 0xce, [14] = 0x02, 0x54}}, "Google Cloud metadata"},
	{{AF_INET6, 128, {0xfd, 0x00, 0x00, 0x42, [15] = 0x42}}, "Scaleway metadata"},
	{{AF_INET6, 128, {0xfd, 0x00, 0xa9, 0xfe, 0xa9, 0xfe, [15] = 0x01}}, "Linode metadata"},
	{{AF_INET6, 128, {0xfe, 0x80, [12] = 0xa9, 0xfe, 0xa9, 0xfe}}, "OpenStack metadata"},
};

bool net_is_metadata(const struct net_prefix *address)
{
	for (size_t i = 0; i < NET_METADATA_COUNT; i++)
		if (net_prefix_order(&net_metadata[i].prefix, address) == 0)
			return true;
	return false;
}

/* Takes one prefix out of a set of which one member covers it. */
static size_t take_out(struct net_prefix *set, size_t count, const struct net_prefix *hole)
{
	struct net_prefix pieces[NET_PREFIX_PIECES_MAX];

	for (size_t i = 0; i < count; i++)
		if (net_prefix_covers(&set[i], hole)) {
			size_t more = net_prefix_without(&set[i], hole, pieces);

			set[i] = set[--count];
			memcpy(&set[count], pieces, more * sizeof *pieces);
			return count + more;
		}
	return count;
}

size_t net_internet(struct net_prefix ret_prefixes[NET_INTERNET_MAX])
{
	size_t count = 1;

	ret_prefixes[0] = net_prefix_all(AF_INET);
	for (size_t i = 0; i < NET_PRIVATE_COUNT; i++)
		if (net_private[i].family == AF_INET)
			count = take_out(ret_prefixes, count, &net_private[i]);
	for (size_t i = 0; i < NET_LOCAL_COUNT; i++)
		count = take_out(ret_prefixes, count, &net_local[i]);
	ret_prefixes[count++] = (struct net_prefix){AF_INET6, 3, {0x20}};
	ret_prefixes[count++] = (struct net_prefix){AF_INET6, 96, {0x00, 0x64, 0xff, 0x9b}};
	return net_prefixes_merge(ret_prefixes, count);
}
