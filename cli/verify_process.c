/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `stint verify`: the container's first process, from /proc/PID: its groups, what it may do. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli/verify.h"
#include "lib/base/cleanup.h"
#include "lib/base/file.h"
#include "lib/profile/profile.h"

#define put_text(field, ...) ((void)snprintf(field, sizeof field, __VA_ARGS__))

/* What /proc/PID tells. */
struct facts {
	char status[8192], cgroup[8192];
	bool there;
};

static void read_facts(const struct host *host, pid_t pid, struct facts *facts)
{
	char path[PATH_MAX];
	_cleanup_close_ int dirfd = -1;

	facts->there = false;
	if (pid <= 0)
		return;
	(void)snprintf(path, sizeof path, "%s/%d", host->proc, (int)pid);
	dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	facts->there = dirfd >= 0 &&
		       file_read_small(dirfd, "status", facts->status, sizeof facts->status) > 0 &&
		       file_read_small(dirfd, "cgroup", facts->cgroup, sizeof facts->cgroup) > 0 &&
		       !strstr(facts->status, "\nState:\tZ");
}

/* The value of a line "KEY:\tVALUE" of status, in `base`; UINT64_MAX: not there. */
static uint64_t status_value(const struct facts *facts, const char *key, int base)
{
	size_t length = strlen(key);

	for (const char *line = facts->status; line && *line;) {
		if (strncmp(line, key, length) == 0 && line[length] == ':')
			return strtoull(line + length + 1, NULL, base);
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return UINT64_MAX;
}

/* A line "N:CONTROLLERS:PATH": is it of a hierarchy that we hold the container in? */
static bool hierarchy_counts(const char *controllers, size_t length)
{
	static const char *const ours[] = {"cpu", "cpuacct", "cpuset", "memory", "pids", "blkio", "freezer"};

	if (length == 0)
		return true; /* the unified one */
	for (const char *at = controllers; at < controllers + length;) {
		size_t n = strcspn(at, ",:");

		for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
			if (strlen(ours[i]) == n && strncmp(at, ours[i], n) == 0)
				return true;
		at += n + 1;
	}
	return false;
}

static bool is_below(const char *path, size_t length, const char *group)
{
	size_t n = strlen(group);

	while (n > 0 && group[n - 1] == '/')
		n--;
	return length >= n && strncmp(path, group, n) == 0 && (length == n || path[n] == '/');
}

/* Of the hierarchies that count, and of them those where it is not below the container's group. */
static void count_hierarchies(const char *group, const struct facts *facts, int *ret_counted, int *ret_outside)
{
	*ret_counted = *ret_outside = 0;
	for (const char *line = facts->cgroup; line && *line;) {
		const char *end = strchrnul(line, '\n'), *controllers = memchr(line, ':', (size_t)(end - line));
		const char *path = controllers ? memchr(controllers + 1, ':', (size_t)(end - controllers - 1)) : NULL;

		if (path && hierarchy_counts(controllers + 1, (size_t)(path - controllers - 1))) {
			++*ret_counted;
			*ret_outside += !is_below(path + 1, (size_t)(end - path - 1), group);
		}
		line = *end ? end + 1 : NULL;
	}
}

/* Without a group of ours its group is where its process is, by definition. */
static bool is_in_group(const struct verification *v, const struct facts *facts)
{
	int counted, outside;

	count_hierarchies(v->live->plan->cgroup_path, facts, &counted, &outside);
	return !v->live->plan->cgroup_path[0] || outside < counted;
}

static void verify_membership(struct verification *v, const struct facts *facts)
{
	const char *group = v->live->plan->cgroup_path;
	struct control *control;
	int counted, outside;

	if (!group[0])
		return;
	count_hierarchies(group, facts, &counted, &outside);
	control = verification_add(v, "control group", outside == 0 && counted ? CONTROL_ENFORCED :
						       outside < counted	? CONTROL_DEGRADED : CONTROL_ABSENT);
	put_text(control->planned, "in every hierarchy below it");
	put_text(control->found, "in %d of %d", counted - outside, counted);
	put_text(control->note, "%.120s", group);
}

static void verify_no_new_privileges(struct verification *v, const struct facts *facts)
{
	const struct json *planned = json_get(v->effective, "noNewPrivileges");
	struct control *control;
	bool set;

	if (!json_is(planned, JSON_BOOL) || !planned->boolean)
		return;
	set = status_value(facts, "NoNewPrivs", 10) == 1;
	control = verification_add(v, "noNewPrivileges", set ? CONTROL_ENFORCED : CONTROL_ABSENT);
	put_text(control->planned, "set");
	put_text(control->found, "%s", set ? "set" : "not set");
}

static bool planned_capabilities(const struct verification *v, uint64_t *ret_mask)
{
	const struct json *names = json_get(v->effective, "capabilities");

	if (!json_is(names, JSON_ARRAY))
		return false;
	*ret_mask = capability_mask(names);
	return true;
}

static void verify_capabilities(struct verification *v, const struct facts *facts)
{
	static const char *const sets[] = {"CapBnd", "CapEff", "CapPrm", "CapInh", "CapAmb"};
	uint64_t planned, found = 0, beyond;
	struct control *control;
	size_t used = 0;

	if (!planned_capabilities(v, &planned))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		uint64_t value = status_value(facts, sets[i], 16);

		found |= value; /* a set that is not shown is all of them */
	}
	beyond = found & ~planned;
	control = verification_add(v, "capabilities", !beyond ? CONTROL_ENFORCED : CONTROL_DEGRADED);
	put_text(control->planned, "%d", __builtin_popcountll(planned));
	put_text(control->found, "%d", __builtin_popcountll(found));
	for (int n = 0; n < 64 && used < sizeof control->note - 24; n++)
		if (beyond & UINT64_C(1) << n)
			used += (size_t)snprintf(control->note + used, sizeof control->note - used, "%s%s",
						 used ? " " : "not planned: ",
						 capability_name(n) ? capability_name(n) : "(unknown)");
}

void verify_process(struct verification *v)
{
	_cleanup_free_ struct facts *facts = calloc(1, sizeof *facts);
	pid_t pid = v->live->state.init;
	/* Before anything is read: what is true of the number after that is true of the process. */
	_cleanup_close_ int pidfd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
	int first = v->count;

	if (facts)
		read_facts(v->host, pid, facts);
	if (!facts || !facts->there) {
		struct control *control = verification_add(v, "process", CONTROL_ABSENT);

		put_text(control->planned, "its first process");
		put_text(control->found, "%s", pid > 0 ? "it has ended" : "not known yet");
		return;
	}
	verify_membership(v, facts);
	verify_no_new_privileges(v, facts);
	verify_capabilities(v, facts);
	verify_seccomp(v, &(struct subject){.pid = pid, .pidfd = pidfd, .in_group = is_in_group(v, facts),
					    .tracer = (unsigned)status_value(facts, "TracerPid", 10),
					    .seccomp_mode = (unsigned)status_value(facts, "Seccomp", 10)});
	for (int i = first; i < v->count && !v->live->state.started_boot_ns; i++)
		if (v->controls[i].status != CONTROL_ENFORCED)
			put_text(v->controls[i].note, "the runtime applies it when the container starts");
}
