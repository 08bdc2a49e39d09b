/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel offers, tried out: on our own process, on a child that does nothing else, or by asking. A version
 * says little, since distributions take things over and leave things out.
 */
#include "cli/doctor.h"

#include <fcntl.h>
#include <glob.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include "lib/base/cleanup.h"
#include "lib/base/command.h"
#include "lib/base/file.h"
#include "lib/base/pidfd.h"
#include "lib/launch/launch.h"

/* What a feature is for, and so what is missed without it. */
struct feature {
	const char *name;
	int (*try)(const struct diagnosis *d); /* 0 or a negative errno; -EAGAIN: it could not be tried here */
	enum finding_status without;
	const char *advice;
};

static int wait_status(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -ECHILD;
}

/* In a child, since what it does to itself stays with it. */
static int in_child(int (*try)(void))
{
	pid_t child = fork();

	if (child == 0)
		_exit(-try());
	return child < 0 ? -errno : wait_status(child);
}

static int try_pidfd(const struct diagnosis *d)
{
	_cleanup_close_ int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);

	(void)d;
	return fd < 0 ? -errno : 0;
}

/* After it was reaped, as an engine does to its container. */
static int try_exit_info(const struct diagnosis *d)
{
	enum { STATUS = 7 };
	struct pidfd_info_v0 info = {.mask = PIDFD_INFO_HAS_EXIT};
	_cleanup_close_ int fd = -1;
	pid_t child = fork();

	(void)d;
	if (child == 0)
		_exit(STATUS);
	if (child < 0)
		return -errno;
	fd = (int)syscall(SYS_pidfd_open, child, 0);
	(void)wait_status(child);
	if (fd < 0 || ioctl(fd, PIDFD_INFO_REQUEST, &info) < 0)
		return -errno;
	return info.mask & PIDFD_INFO_HAS_EXIT && WEXITSTATUS(info.exit_code) == STATUS ? 0 : -EOPNOTSUPP;
}

static const struct hierarchy *unified(const struct diagnosis *d)
{
	for (int i = 0; d->layout_known && i < d->layout.count; i++)
		if (d->layout.hierarchies[i].unified)
			return &d->layout.hierarchies[i];
	return NULL;
}

/* The v2 group that we are in, which may be the root; a descriptor or -EOPNOTSUPP. */
static int open_own_group(const struct diagnosis *d)
{
	char text[8192], path[sizeof d->host->proc + sizeof ((struct hierarchy *)0)->path + sizeof text];
	const struct hierarchy *hierarchy = unified(d);
	const char *line;
	int fd;

	(void)snprintf(path, sizeof path, "%s/self/cgroup", d->host->proc);
	if (!hierarchy || file_read_small(AT_FDCWD, path, text, sizeof text) < 0)
		return -EOPNOTSUPP;
	line = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
	if (!line)
		return -EOPNOTSUPP;
	line = strchr(line, '/');
	(void)snprintf(path, sizeof path, "%s%.*s", hierarchy->path, line ? (int)strcspn(line, "\n") : 0, line ? line : "");
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Into the group that we are in anyway. */
static int try_clone_into(const struct diagnosis *d)
{
	struct clone_args args = {.exit_signal = SIGCHLD, .flags = CLONE_INTO_CGROUP};
	_cleanup_close_ int group = open_own_group(d);
	pid_t child;

	if (group < 0)
		return group;
	args.cgroup = (unsigned)group;
	child = (pid_t)syscall(SYS_clone3, &args, sizeof args);
	if (child == 0)
		_exit(0);
	return child < 0 ? -errno : wait_status(child);
}

static bool some_child_has(const struct hierarchy *hierarchy, const char *file)
{
	char pattern[sizeof hierarchy->path + 32];
	bool has;
	glob_t names;

	(void)snprintf(pattern, sizeof pattern, "%s/*/%s", hierarchy->path, file);
	has = glob(pattern, 0, NULL, &names) == 0 && access(names.gl_pathv[0], W_OK) == 0;
	globfree(&names);
	return has;
}

/* It is in every v2 group but the root. Nothing is written to it. */
static int try_cgroup_kill(const struct diagnosis *d)
{
	_cleanup_close_ int group = open_own_group(d);

	if (group < 0)
		return group;
	if (faccessat(group, "cgroup.kill", W_OK, 0) == 0 || some_child_has(unified(d), "cgroup.kill"))
		return 0;
	return some_child_has(unified(d), "cgroup.procs") ? -EOPNOTSUPP : -EAGAIN;
}

/* A filter that lets everything pass. */
static int set_filter(unsigned long flags)
{
	static struct sock_filter allow[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	struct sock_fprog program = {.len = 1, .filter = allow};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program) < 0 ? -errno : 0;
}

static int plain_filter(void)
{
	return set_filter(0);
}

static int notifying_filter(void)
{
	return set_filter(SECCOMP_FILTER_FLAG_NEW_LISTENER);
}

static int try_seccomp(const struct diagnosis *d)
{
	(void)d;
	return in_child(plain_filter);
}

static int try_notification(const struct diagnosis *d)
{
	(void)d;
	return in_child(notifying_filter);
}

/* A trigger lasts as long as its descriptor. */
static int try_pressure(const struct diagnosis *d)
{
	static const char trigger[] = "some 500000 2000000";
	char path[sizeof d->host->proc + 32];
	_cleanup_close_ int fd = -1;

	(void)snprintf(path, sizeof path, "%s/pressure/memory", d->host->proc);
	fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	return fd < 0 || write(fd, trigger, sizeof trigger) < 0 ? -errno : 0;
}

static int try_btf(const struct diagnosis *d)
{
	enum { MAGIC = 0xeb9f };
	_cleanup_close_ int fd = open("/sys/kernel/btf/vmlinux", O_RDONLY | O_CLOEXEC);
	uint16_t magic = 0;

	(void)d;
	if (fd < 0)
		return -errno;
	return read(fd, &magic, sizeof magic) == sizeof magic && magic == MAGIC ? 0 : -EINVAL;
}

static int be_real_time(void)
{
	struct sched_param parameters = {.sched_priority = 1};

	return sched_setscheduler(0, SCHED_FIFO, &parameters) < 0 ? -errno : 0;
}

static int try_real_time(const struct diagnosis *d)
{
	(void)d;
	return in_child(be_real_time);
}

static int be_spared(void)
{
	return file_write_small(AT_FDCWD, "/proc/self/oom_score_adj", "-1000");
}

static int try_oom_protection(const struct diagnosis *d)
{
	(void)d;
	return in_child(be_spared);
}

static const struct feature features[] = {
	{"pidfd", try_pidfd, FINDING_PROBLEM, "stint cannot work without pidfd_open: Linux 5.3 or later"},
	{"exit status by pidfd", try_exit_info, FINDING_WARNING,
	 "the exit status of a container that its engine reaps at once is then null in the report; Linux 6.15 or later tells it"},
	{"clone3 into a cgroup", try_clone_into, FINDING_WARNING,
	 "monitors are then moved into their group, which takes longer; a v2 tree and Linux 5.7 or later"},
	{"cgroup.kill", try_cgroup_kill, FINDING_WARNING,
	 "groups are then frozen, killed and thawed, which takes longer; a v2 tree and Linux 5.14 or later"},
	{"seccomp filter", try_seccomp, FINDING_PROBLEM, "no filter can be enforced: a kernel with CONFIG_SECCOMP_FILTER"},
	{"seccomp notification", try_notification, FINDING_WARNING, "system calls cannot be recorded by notification; Linux 5.0 or later"},
	{"pressure (PSI)", try_pressure, FINDING_WARNING,
	 "stalls cannot be seen: a kernel with CONFIG_PSI, booted with psi=1, and CAP_SYS_RESOURCE"},
	{"BTF", try_btf, FINDING_WARNING, "system calls cannot be recorded by eBPF: a kernel with CONFIG_DEBUG_INFO_BTF"},
	{"real-time scheduling", try_real_time, FINDING_WARNING,
	 "budgets are overrun further on a busy machine: give CAP_SYS_NICE; on v1 the cpu group needs cpu.rt_runtime_us"},
	{"OOM protection", try_oom_protection, FINDING_WARNING,
	 "a monitor can be killed when memory is short, and is then brought back: give CAP_SYS_RESOURCE"},
};

static void try_feature(struct diagnosis *d, const struct feature *feature)
{
	int r = feature->try(d);

	if (r == 0)
		found(d, FINDING_OK, feature->name, NULL, "works");
	else if (r == -EAGAIN)
		found(d, FINDING_OK, feature->name, NULL, "could not be tried here: there is no group yet to look at");
	else
		found(d, feature->without, feature->name, feature->advice, "does not work: %s", strerror(-r));
}

/* By the program that would set them: every kind of rule, in a namespace of its own. */
static void try_network_rules(struct diagnosis *d)
{
	static const char name[] = "network rules", advice[] = "a profile with network rules or network budgets is refused here";
	enum { SECONDS = 20 };
	_cleanup_command_ struct command command = {0};
	char path[PATH_MAX];
	const char *argv[] = {path, "--try", NULL};
	struct error err = {0};
	int r = program_path("stint-network", path, &err);

	if (r == 0 && access(path, X_OK) < 0)
		found(d, FINDING_WARNING, name, advice, "this stint was built without them");
	else if (r == 0 && command_check(argv, SECONDS, &command, &err) == 0)
		found(d, FINDING_OK, name, NULL, "all kinds of them work");
	else
		found(d, FINDING_WARNING, name, advice, "%s", err.text);
}

void doctor_kernel(struct diagnosis *d)
{
	struct utsname name;

	d->section = "Kernel";
	d->layout_known = cgroup_layout_read(d->host, &d->layout, NULL) == 0;
	if (uname(&name) == 0)
		found(d, FINDING_OK, "version", NULL, "%s %s, %s", name.sysname, name.release, name.machine);
	if (geteuid() != 0)
		found(d, FINDING_WARNING, "user", "run it as root, as which stint runs",
		      "user %u: what only root may see or do is found missing", geteuid());
	for (size_t i = 0; i < ARRAY_SIZE(features); i++)
		try_feature(d, &features[i]);
	try_network_rules(d);
}
