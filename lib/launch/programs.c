/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding programs: ours beside the one that runs, the runtime by absolute path. */
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "lib/base/cleanup.h"
#include "lib/launch/internal.h"

int program_path(const char *name, char path[PATH_MAX], struct error *err)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	char *slash;

	if (n < 0)
		return error_errno(err, errno, "find %s: read /proc/self/exe", name);
	self[n] = '\0';
	slash = strrchr(self, '/');
	if (!slash)
		return error_set(err, ENOENT, "find %s: this program's own path is not known", name);
	*slash = '\0';
	if (snprintf(path, PATH_MAX, "%s/%s", self, name) >= PATH_MAX)
		return error_set(err, ENAMETOOLONG, "find %s beside %s: the path is too long", name, self);
	return 0;
}

/* Where the programs find them: see shim/monitor.c and shim/recorder.c. */
enum { CHANNEL_FD = 3, LAUNCHER_FD = 4, ABOVE_THEM = 10 };

void program_become(const char *path, char *const argv[], int channel, int launcher_pidfd)
{
	/* Nothing is taken from the environment, whose author may be the image's. */
	char *const environment[] = {NULL};
	/* Above what they are dup2'ed to, so that one does not overwrite the other. */
	int channel_high = fcntl(channel, F_DUPFD_CLOEXEC, ABOVE_THEM);
	int launcher_high = launcher_pidfd < 0 ? -1 : fcntl(launcher_pidfd, F_DUPFD_CLOEXEC, ABOVE_THEM);

	if (dup2(channel_high, CHANNEL_FD) == CHANNEL_FD &&
	    (launcher_pidfd < 0 || dup2(launcher_high, LAUNCHER_FD) == LAUNCHER_FD))
		(void)execve(path, argv, environment);
	_exit(127);
}

/* Born in the monitors' group, where the kernel can (5.7): moving there later stops every fork of
 * the machine for an RCU grace period, that of the container's runtime too. 0 in the child. */
pid_t program_fork(const struct host *host, const struct cgroup_layout *layout)
{
	struct cgroup group = CGROUP_CLOSED(layout);
	struct clone_args args = {.exit_signal = SIGCHLD};
	pid_t pid = -1;

	if (cgroup_make(host, layout, MONITOR_GROUP, 0, false, &group, NULL) == 0 && cgroup_unified_fd(&group) >= 0) {
		args.flags = CLONE_INTO_CGROUP;
		args.cgroup = (unsigned)cgroup_unified_fd(&group);
		pid = (pid_t)syscall(SYS_clone3, &args, sizeof args);
	}
	if (pid != 0)
		cgroup_close(&group);
	return pid < 0 ? fork() : pid;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* A runtime that is one of ours would call itself for ever. */
static bool is_ours(const struct stat *st)
{
	static const char *const names[] = {"stint", "stint-runtime", "stint-hook", "stint-monitor", "stint-network",
					    "stint-recorder"};
	char path[PATH_MAX];
	struct stat own;

	if (stat("/proc/self/exe", &own) == 0 && same_file(st, &own))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (program_path(names[i], path, NULL) == 0 && stat(path, &own) == 0 && same_file(st, &own))
			return true;
	return false;
}

static int check(const char *path, struct error *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return error_errno(err, errno, "use %s as the runtime", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, EACCES, "use %s as the runtime: it is not a file", path);
	if (access(path, X_OK) < 0)
		return error_errno(err, errno, "use %s as the runtime: it is not executable", path);
	if (is_ours(&st))
		return error_set(err, ELOOP, "use %s as the runtime: that is stint itself; name the real runtime "
					     "(runc, crun) in \"runtime\" of stint.json", path);
	return 0;
}

bool program_find(const char *name, char path[PATH_MAX])
{
	static const char *const directories[] = {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
						  "/usr/bin", "/sbin", "/bin"};

	for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
		(void)snprintf(path, PATH_MAX, "%s/%s", directories[i], name);
		if (access(path, F_OK) == 0)
			return true;
	}
	return false;
}

static int find_by_name(const char *name, char path[PATH_MAX], struct error *err)
{
	if (program_find(name, path))
		return check(path, err);
	return error_set(err, ENOENT, "find the runtime %s: it is in none of the system's directories of "
				      "programs; install it, or give an absolute path", name);
}

int runtime_find(const struct host_config *config, const char *wanted, char path[PATH_MAX],
		 struct error *err)
{
	if (!wanted && config)
		wanted = config->runtime;
	if (!wanted) {
		if (find_by_name("crun", path, NULL) == 0)
			return 0;
		if (find_by_name("runc", path, NULL) == 0)
			return 0;
		return error_set(err, ENOENT, "find a runtime: neither crun nor runc is installed; install one, or "
					      "name one with \"runtime\" in stint.json or --runtime");
	}
	if (!strchr(wanted, '/'))
		return find_by_name(wanted, path, err);
	if (wanted[0] != '/') {
		char resolved[PATH_MAX];

		if (!realpath(wanted, resolved))
			return error_errno(err, errno, "use %s as the runtime", wanted);
		(void)snprintf(path, PATH_MAX, "%s", resolved);
		return check(path, err);
	}
	if (snprintf(path, PATH_MAX, "%s", wanted) >= PATH_MAX)
		return error_set(err, ENAMETOOLONG, "use the runtime: its path is too long");
	return check(path, err);
}
