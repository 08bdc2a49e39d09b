/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The socket that a runtime hands the notifications of a filter to (runtime-spec, config-linux.md, "listenerPath"): one
 * connection for each filter, one JSON object, and one descriptor that comes with its first bytes. Who connects may be
 * anybody: all of it is bounded, nothing is waited for, and what is not as it should be is closed.
 */
#ifndef STINT_SHIM_RECORDER_PEERS_H
#define STINT_SHIM_RECORDER_PEERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/base/error.h"
#include "lib/base/process.h"

enum {
	PEERS_MAX = 8, /* that have not said all yet; of more the one that came first is dropped */
	PEER_TEXT_MAX = 1 << 20,
};

/* What a runtime handed over. */
struct handed {
	int filter;	 /* the notifications' descriptor */
	pid_t process;	 /* that it said has the filter; 0: it did not say (crun's `exec`) */
	bool refused;	 /* what was said with it is not as it should be */
	char runtime[PROCESS_WORD_MAX]; /* the runtime's own first argument, which the process has until it executes another program;
				      * "": it has, or is gone */
};

struct peer {
	int fd, filter;
	pid_t pid;
	char *text;
	size_t length;
};
struct peers {
	int socket, epoll;
	const char *id, *proc; /* the container's; /proc */
	struct peer list[PEERS_MAX];
	unsigned next;
};

/* Listens on a new socket of that path. Its events and its peers' are in `epoll`, with a data.u32 below PEERS_EVENTS. */
enum { PEERS_EVENTS = PEERS_MAX + 1 };
int peers_open(struct peers *peers, const char *path, const char *id, const char *proc, int epoll, struct error *err);
/* One event. True: something was handed over, and is the caller's. Notifications that are refused are too: to close them is not to
 * end them, since who is to be answered may hold them himself, and waits. */
bool peers_attend(struct peers *peers, uint32_t event, struct handed *ret_handed);
void peers_close(struct peers *peers);

#endif
