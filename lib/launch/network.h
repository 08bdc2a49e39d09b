/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stint-network from outside: one process for a container that has network rules or network budgets, or whose endpoints are
 * recorded, and none for others. It listens on /run/stint/<key>/network, a socket that the launcher makes: whoever speaks to it before it is
 * ready waits. When that file is taken away its work is done.
 */
#ifndef STINT_LAUNCH_NETWORK_H
#define STINT_LAUNCH_NETWORK_H

#include "lib/base/host.h"
#include "lib/cgroup/cgroup.h"
#include "lib/plan/edit.h"
#include "lib/record/endpoints.h"
#include "lib/state/ledger.h"
#include "lib/state/state_dir.h"

#define NETWORK_POLICY "network.json"
#define NETWORK_SOCKET "network"

/* To it: one message, one answer. */
enum network_verb {
	NETWORK_APPLY = 1, /* `pid` is the container's first process, which has not begun: its namespace gets the rules. The answer
			      comes when the kernel has them */
	NETWORK_READ,	   /* the figures as they are now go into the ledger */
	NETWORK_WELCOME,   /* from the monitor: it listens; no answer */
	NETWORK_ENDPOINTS, /* the endpoints from number `pid` on; a network_endpoints is the answer. They are read at number 0 */
};
struct network_message {
	uint32_t verb;
	int32_t pid;
};
struct network_answer {
	int32_t result; /* 0, -errno */
	char text[ERROR_TEXT_MAX]; /* why */
};

enum { NETWORK_ENDPOINTS_A_MESSAGE = 64 };
struct network_endpoints {
	struct network_answer answer;
	uint32_t total; /* of all messages together */
	uint32_t more;	/* there were more than that */
	struct endpoint list[NETWORK_ENDPOINTS_A_MESSAGE];
};

/* From it to the monitor, on a connection to the control socket that began with CONTROL_NETWORK; from the monitor there come
 * network_messages. */
enum network_news_kind {
	NETWORK_HAS_READ = 1, /* the answer to NETWORK_READ */
	NETWORK_WARNED,	      /* of `budget` so much is used that its `warn` is due */
	NETWORK_SPENT,	      /* the kernel says that it is */
};
struct network_news {
	uint32_t kind;
	uint32_t budget; /* enum budget */
	uint64_t used;	 /* earlier lives included */
};

/* Starts stint-network for `key`, and does not wait for it. `launcher_pidfd`: should that process end before there is a monitor, so
 * does stint-network. */
int network_start(const struct host *host, const struct cgroup_layout *layout, const char *key, int state_fd,
		  int launcher_pidfd, struct error *err);
/* It holds its policy's lock as long as it lives; false, too, where there is no policy. */
bool network_has_ended(int state_fd);
/* The same once more, where it was killed and the container goes on: it takes up the rules as they are in the kernel. Does nothing
 * where it is there, or nobody misses it. Of two who do this at a time one must be kept away (state_claim). 1: it is there again. */
int network_bring_back(const struct host *host, const char *key, int state_fd, const struct ledger *ledger, struct error *err);

/* The hook that has them set, for a container's config. */
enum { NETWORK_HOOK_TIMEOUT_SECONDS = 20 };
struct network_hook {
	struct edit_hook hook;
	const char *args[5];
	char path[PATH_MAX], root[PATH_MAX], key[STATE_KEY_MAX + 8];
};
int network_hook(const struct host *host, const char *key, struct network_hook *ret_hook, struct error *err);

/* NETWORK_APPLY and NETWORK_READ. */
int network_apply(int state_fd, pid_t init, struct error *err);
int network_read(int state_fd, int timeout_ms, struct error *err);
/* With whom the container has spoken until now. -ENOENT, -ECONNREFUSED: nobody is there who knows. */
int network_ask_endpoints(int state_fd, int timeout_ms, struct endpoints *ret_endpoints, struct error *err);

#endif
