/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The monitor's control socket, /run/stint/<key>/socket: one message, one answer. Its directory is
 * 0700 and ours; the monitor checks the peer's uid as well.
 */
#ifndef STINT_LAUNCH_CONTROL_H
#define STINT_LAUNCH_CONTROL_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "lib/cgroup/cgroup.h"

enum control_verb {
	CONTROL_START = 1, /* the runtime's `start` is about to run: wall time begins */
	CONTROL_KILL,	   /* kill everything in it now: its runtime was killed, by signal `value` */
	CONTROL_END,	   /* the runtime's `run` has ended with wait status `value`; the answer comes when
			      the report is written and everything is cleared away */
	CONTROL_UPDATE,	   /* the runtime's `update` is about to run, with `limits`: the group above is made to have
			      room for them; `text`, unless empty, is for the report */
	CONTROL_NETWORK,   /* from stint-network: this connection stays, and carries what lib/launch/network.h says */
};

struct control_message {
	uint32_t verb;
	int32_t value;
	/* From here on with CONTROL_UPDATE only. */
	struct cgroup_limits limits;
	char text[512];
};
struct control_answer {
	int32_t result; /* 0, -errno */
};

/* Connects to the socket in `state_fd`, sends, waits for the answer. -ECONNREFUSED, -ENOENT: no monitor
 * listens; -ECONNRESET: it went away before it answered; -ETIMEDOUT. timeout_ms -1: for ever. */
int control_call(int state_fd, enum control_verb verb, int32_t value, int timeout_ms, struct error *err);
int control_send(int state_fd, const struct control_message *message, int timeout_ms, struct error *err);

/* What its like share, stint-network's too: the socket `name` in `state_fd`. `who` is what errors call the other end. */
#define CONTROL_SOCKET "socket"
int control_listen(int state_fd, const char *name, int *ret_fd, struct error *err);
int control_connect(int state_fd, const char *name, const char *who, int *ret_fd, struct error *err);
int control_exchange(int fd, const char *who, const void *message, size_t size, void *ret_answer, size_t answer_size,
		     int timeout_ms, struct error *err);

#endif
