/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control groups: which kind, which controllers, and whether they are ours to use. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "cli/doctor.h"
#include "lib/base/cleanup.h"
#include "lib/base/file.h"

static const struct {
	enum controller controller;
	enum finding_status without;
	const char *needed_for;
} needs[] = {
	{CONTROLLER_MEMORY, FINDING_PROBLEM, "the budgets memory and memoryTime, and limits of memory"},
	{CONTROLLER_PIDS, FINDING_PROBLEM, "the budget pids, which every shipped profile has"},
	{CONTROLLER_CPU, FINDING_PROBLEM, "limits of CPU time, and the action throttle"},
	{CONTROLLER_CPUACCT, FINDING_PROBLEM, "the budgets cpu and cpuRate"},
	{CONTROLLER_CPUSET, FINDING_WARNING, "resources.cpu.cpus and mems"},
	{CONTROLLER_FREEZER, FINDING_WARNING, "the action freeze, and killing all of a group on v1"},
	{CONTROLLER_IO, FINDING_WARNING, "bytes read and written in the report"},
};

static const struct hierarchy *hierarchy_of(const struct cgroup_layout *layout, enum controller controller)
{
	for (int i = 0; i < layout->count; i++)
		if (layout->hierarchies[i].controllers & 1u << controller)
			return &layout->hierarchies[i];
	return NULL;
}

static void check_controller(struct diagnosis *d, size_t i)
{
	const struct hierarchy *hierarchy = hierarchy_of(&d->layout, needs[i].controller);
	const char *name = controller_names[needs[i].controller];
	bool v2 = d->layout.mode == CGROUP_V2;
	char advice[256];

	if (v2 && needs[i].controller == CONTROLLER_IO)
		name = "io";
	if (v2 && (needs[i].controller == CONTROLLER_CPUACCT || needs[i].controller == CONTROLLER_FREEZER)) {
		found(d, FINDING_OK, name, NULL, "part of v2 itself");
	} else if (!hierarchy) {
		(void)snprintf(advice, sizeof advice, "%s: %s", needs[i].needed_for, v2 ?
			       "have it delegated (cgroup.subtree_control above; Delegate= of a systemd unit), or see cgroup_disable= of "
			       "the kernel" : "mount it (mount -t cgroup -o NAME), or see cgroup_disable= of the kernel");
		found(d, needs[i].without, name, advice, "is not there, so these cannot be enforced");
	} else if (access(hierarchy->path, W_OK) < 0) {
		found(d, needs[i].without, name, "mount it so that it can be written, and run as root", "%s cannot be written: %s",
		      hierarchy->path, strerror(errno));
	} else {
		found(d, FINDING_OK, name, NULL, "%s", hierarchy->path);
	}
}

/* crun 1.8.1 does not run a container where v2's tree beside v1 has a controller of its own (measured). */
static void check_hybrid(struct diagnosis *d)
{
	for (int i = 0; i < d->layout.count; i++) {
		const struct hierarchy *hierarchy = &d->layout.hierarchies[i];
		_cleanup_close_ int fd = hierarchy->unified ? open(hierarchy->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
		char text[256];

		if (fd < 0 || file_read_small(fd, "cgroup.controllers", text, sizeof text) <= 0)
			continue;
		found(d, FINDING_WARNING, "v2 beside v1", "crun 1.8 refuses such a machine: mount those controllers as v1",
		      "%s has controllers of its own: %s", hierarchy->path, text);
	}
}

void doctor_cgroups(struct diagnosis *d)
{
	struct error err = {0};

	d->section = "Control groups";
	if (cgroup_layout_read(d->host, &d->layout, &err) < 0) {
		found(d, FINDING_PROBLEM, "mode", "mount them: stint keeps no container without", "%s", err.text);
		return;
	}
	found(d, FINDING_OK, "mode", NULL, "%s", cgroup_mode_names[d->layout.mode]);
	for (size_t i = 0; i < ARRAY_SIZE(needs); i++)
		check_controller(d, i);
	if (d->layout.mode == CGROUP_HYBRID)
		check_hybrid(d);
}
