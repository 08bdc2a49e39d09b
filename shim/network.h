/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of stint-network share. The theory of operation is in network.c. */
#ifndef STINT_SHIM_NETWORK_H
#define STINT_SHIM_NETWORK_H

#include "lib/base/host.h"
#include "lib/launch/network.h"
#include "lib/state/ledger.h"
#include "shim/network_rules.h"

enum network_source { NETWORK_FROM_SOCKET, NETWORK_FROM_STATE, NETWORK_FROM_LAUNCHER, NETWORK_FROM_LOG,
		      NETWORK_FROM_MONITOR, NETWORK_SOURCES };

struct network {
	struct host host;
	struct cgroup_layout layout;
	struct ledger *ledger;
	int ledger_fd, state_fd, lock;
	struct rules *rules;	/* NULL: `failure` says why */
	struct error failure;
	int applied_to;		/* the container's first process, by pidfd; -1: not applied yet */
	pid_t applied_pid;
	struct flows *flows;	/* NULL: its rules log nothing */
	uint32_t spent, warned; /* bit sets of budgets */
	uint64_t used[BUDGET_COUNT];
	unsigned unwelcome; /* connections to the monitor that it ended without a word */
	struct endpoints endpoints; /* as they were last asked for */
	int epoll, fds[NETWORK_SOURCES];
};

/* network.c */
int network_wait_for(struct network *n, enum network_source source, struct error *err);
void network_drop(struct network *n, enum network_source source);
/* A budget is spent, or its warning due (rules_heard); `network`: a struct network. */
void network_heard(enum budget budget, bool spent, uint64_t used, void *network);

/* network_place.c */
/* `pid` is this container's first process, and the namespace it is in is not the host's; enters it. */
int place_enter(struct network *n, pid_t pid, pid_t peer, int *ret_pidfd, struct error *err);
/* There: of whose packets the rules are to be. It fails where another container's hold for all of the namespace, and where the
 * namespace is others' and the container cannot be told apart in it. `peer`: somebody outside of the container. */
int place_scope(struct network *n, pid_t pid, pid_t peer, struct error *err);

/* network_peers.c */
/* Somebody speaks to our socket. */
void peers_serve(struct network *n);
/* It could not even start: tells the one that asks so. */
void peers_refuse(int socket, int launcher, const struct error *why);
/* To the monitor; where there is none, it is told when there is one. */
void monitor_connect(struct network *n);
void monitor_attend(struct network *n);
void monitor_tell(struct network *n, enum budget budget, bool spent, uint64_t used);

/* network_flows.c: what the rules log. */
/* Listens to them; where they are of one group, by nflog groups that are nobody's yet. */
int flows_open(struct network *n, struct error *err);
/* Of what there is, so much that nobody has to wait for it; `all`: as far as it can be said that it has an end. */
void flows_attend(struct network *n, bool all);
/* The names that they had until now, where they are recorded. */
void flows_name_endpoints(struct network *n, struct endpoints *endpoints);

/* network_confine.c */
/* What is left until the rules are set, and from then on. */
int confine_until_set(struct error *err);
int confine_at_work(struct error *err);

/* network_try.c */
int network_try(struct error *err);

/* network_verify.c: prints {"state": …, "difference": …}. */
int network_verify(const char *root, const char *key, struct error *err);

#endif
