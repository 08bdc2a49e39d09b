/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stint-network --try: for `stint doctor`: whether the kernel takes rules of every kind that there is, in a namespace of our own. */
#include <netinet/in.h>
#include <sched.h>

#include "lib/base/cleanup.h"
#include "lib/net/flow_log.h"
#include "lib/net/nft_send.h"
#include "shim/network.h"

int network_try(struct error *err)
{
	static struct net_match allowed = {.prefix = {AF_INET, 32, {192, 0, 2, 1}}, .protocol = IPPROTO_TCP, .first = 443, .last = 443};
	static char name[] = "example.com";
	static struct net_name named = {.name = name, .protocol = IPPROTO_TCP, .first = 443, .last = 443};
	static struct net_layer layers[NET_DIRECTIONS] = {
		[NET_EGRESS] = {.allow = &allowed, .allow_count = 1, .names = &named, .name_count = 1},
		[NET_INGRESS] = {.allow = &allowed, .allow_count = 1},
	};
	struct net_policy policy = {.record.set = true};
	_cleanup_close_ int fd = -1, log = -1;
	bool owned;
	int r;

	for (unsigned d = 0; d < NET_DIRECTIONS; d++)
		policy.direction[d] = (struct net_direction){.layers = &layers[d], .layer_count = 1, .bandwidth = 1 << 20, .connections = 10,
							     .new_connections = 10, .new_connections_ns = UINT64_C(1000000000),
							     .new_connections_at_once = 10};
	policy.quotas[NET_QUOTA_EGRESS] = (struct net_quota){.set = true, .holds = true, .limit = 1 << 20, .direction = NET_EGRESS};
	if (unshare(CLONE_NEWNET) < 0)
		return error_errno(err, errno, "make a network namespace");
	r = nft_open(&fd, err);
	if (r == 0)
		r = nft_apply(fd, &policy, 0, &owned, err);
	return r < 0 ? r : flow_log_open((UINT32_C(1) << FLOW_KINDS) - 1, 0, &log, err);
}
