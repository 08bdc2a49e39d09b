/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the rules log (nflog): packets that were denied, the answers of the container's resolvers, the first packets of
 * connections, and what goes over a quota. The packets are hostile.
 *
 * The groups are those of the rules' scope (lib/net/policy.h). All come by one socket, so they come in their order: an answer before
 * the connection that it made somebody try.
 */
#ifndef STINT_NET_FLOW_LOG_H
#define STINT_NET_FLOW_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"

enum flow_kind { FLOW_DENIED, FLOW_ANSWER, FLOW_BEGUN, FLOW_SPENT, FLOW_KINDS };

struct flow {
	enum flow_kind kind;
	unsigned quota;	    /* FLOW_SPENT: NET_QUOTA_* */
	unsigned direction; /* NET_EGRESS, NET_INGRESS */
	const void *packet; /* from its IP header on; in what was read */
	size_t length;	    /* of what was copied of it */
};
typedef void flow_told(const struct flow *flow, void *data);

/* A socket (non-blocking) that gets those of some kinds (a bit set) from the network namespace that we are in. `first`: the scope's
 * log_groups. -EPERM: somebody else has them. */
int flow_log_open(uint32_t kinds, uint16_t first, int *ret_fd, struct error *err);

/* Of what is there, so much at most as keeps nobody waiting: 1 when there may be more, 0 when that was all. Adds to *lost how
 * often there was more than the socket holds. */
int flow_log_read(int fd, flow_told *told, void *data, unsigned *lost, struct error *err);

/* Pure: what one read from the socket gave. */
void flow_log_take(const void *messages, size_t length, flow_told *told, void *data);

#endif
