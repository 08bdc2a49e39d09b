/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `stint verify` compares, control by control, before it is printed. */
#ifndef STINT_CLI_VERIFY_H
#define STINT_CLI_VERIFY_H

#include "cli/live.h"

enum control_status { CONTROL_ENFORCED, CONTROL_DEGRADED, CONTROL_ABSENT, CONTROL_STATUS_COUNT };

struct control {
	char name[40];
	enum control_status status;
	char planned[64], found[96], note[256];
};

enum { CONTROLS_MAX = 32 };
struct verification {
	const struct host *host;
	const struct cgroup_layout *layout;
	const struct live *live;
	const struct json *effective, *sources; /* of plan.json */
	const struct json *asking; /* the filter that asks the recorder, in the place of the plan's; or NULL */
	struct control controls[CONTROLS_MAX];
	int count;
};

/* A new control; its texts are filled in by the caller. Never NULL: the last one is used again. */
struct control *verification_add(struct verification *v, const char *name, enum control_status status);

/* The monitor, the kernel's limits on the group, and the budgets. */
void verify_monitor(struct verification *v);
void verify_limits(struct verification *v);
void verify_budgets(struct verification *v);
/* The rules of its network, as stint-network finds them. */
void verify_network(struct verification *v);
/* The container's first process: where it is, and what it may do. */
void verify_process(struct verification *v);

/* That process, for what has to be asked of it and not of /proc. */
struct subject {
	pid_t pid;
	int pidfd;
	bool in_group;		/* it is in the container's group: the number is no other's by now */
	unsigned tracer;	/* whoever traces it; 0: nobody */
	unsigned seccomp_mode;	/* 2: it has filters */
};
void verify_seccomp(struct verification *v, const struct subject *subject);

#endif
