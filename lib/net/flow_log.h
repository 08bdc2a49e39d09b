/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the rules log (nflog): packets that were denied, and the answers of the container's resolvers. The packets are hostile.
 *
 * Both groups come by one socket, so they come in their order: an answer before the connection that it made somebody try.
 */
#ifndef STINT_NET_FLOW_LOG_H
#define STINT_NET_FLOW_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/error.h"

struct flow {
	bool answer;	    /* else it was denied */
	unsigned direction; /* NET_EGRESS, NET_INGRESS */
	const void *packet; /* from its IP header on; in what was read */
	size_t length;	    /* of what was copied of it */
};
typedef void flow_told(const struct flow *flow, void *data);

/* A socket (non-blocking) that gets them from the network namespace that we are in. -EPERM: somebody else has them. */
int flow_log_open(bool answers, int *ret_fd, struct error *err);

/* Of what is there, so much at most as keeps nobody waiting: 1 when there may be more, 0 when that was all. Adds to *lost how
 * often there was more than the socket holds. */
int flow_log_read(int fd, flow_told *told, void *data, unsigned *lost, struct error *err);

/* Pure: what one read from the socket gave. */
void flow_log_take(const void *messages, size_t length, flow_told *told, void *data);

#endif
