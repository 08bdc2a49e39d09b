/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `stint doctor`: what of this machine stint can rely on. Each part looks at one thing, for real and without
 * changing it, and adds what it found.
 */
#ifndef STINT_CLI_DOCTOR_H
#define STINT_CLI_DOCTOR_H

#include "cli/cli.h"
#include "lib/cgroup/cgroup.h"
#include "lib/profile/select.h"

enum finding_status { FINDING_OK, FINDING_WARNING, FINDING_PROBLEM, FINDING_STATUS_COUNT };

struct finding {
	const char *section; /* a literal */
	char name[64];
	enum finding_status status;
	char found[512];
	char advice[512]; /* "": there is nothing to do */
};

enum { FINDINGS_MAX = 128 };
struct diagnosis {
	const struct host *host;
	struct cgroup_layout layout;
	bool layout_known;
	struct host_config host_config;
	bool host_config_known;
	bool hooks_late; /* an engine has stint as a hook, and none that comes before the runtime has read its config */
	const char *section;
	struct finding findings[FINDINGS_MAX]; /* the last place is for what found no other */
	int count;
};

/* Adds a finding to the section that is at hand. `advice`: NULL for none. */
void found(struct diagnosis *d, enum finding_status status, const char *name, const char *advice, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

void doctor_kernel(struct diagnosis *d);
void doctor_cgroups(struct diagnosis *d);
void doctor_installation(struct diagnosis *d);
void doctor_containers(struct diagnosis *d);
void doctor_runtimes(struct diagnosis *d);
void doctor_engines(struct diagnosis *d);
/* `profile`: a name or a path; NULL: the one the host selects for a container that shows nothing of itself. */
void doctor_profile(struct diagnosis *d, const char *profile);

#endif
