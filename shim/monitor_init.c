/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The container's first process: finding it, holding it by pidfd, learning how it ended. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "lib/base/file.h"
#include "lib/base/pidfd.h"
#include "shim/monitor.h"
#include "shim/settle.h"

static int poll_now(int fd)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};

	return poll(&wait, 1, 0) > 0 ? wait.revents : 0;
}

static bool is_in(const struct cgroup *group, pid_t pid)
{
	enum { MANY = 1024 };
	pid_t pids[MANY];
	int count = cgroup_pids(group, pids, MANY);

	for (int i = 0; i < count && i < MANY; i++)
		if (pids[i] == pid)
			return true;
	return count > MANY; /* too many to tell: a container that just began has not */
}

static void open_group_of(struct monitor *m, pid_t pid)
{
	struct error err = {0};

	if (m->group_known)
		return;
	if (cgroup_open_of(&m->host, &m->layout, pid, &m->own, &err) < 0 || monitor_group_opened(m, &err) < 0)
		ledger_warn(&m->state, "the container's group is not known: %s", err.text);
}

void init_found(struct monitor *m, pid_t pid)
{
	bool first = m->state.init == 0;
	int fd;

	if (pid <= 1 || m->fds[SOURCE_INIT] >= 0)
		return;
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd >= 0 && !m->ledger->plan.nested)
		open_group_of(m, pid);
	/* A group of ours that is gone had nobody in it: the number is somebody else's by now. */
	if (!m->group_known && m->ledger->plan.nested)
		fd = close_fd(fd);
	/* The number comes from a file: it must be one of this container's processes, or a dead one. */
	if (fd >= 0 && m->group_known && !is_in(&m->own, pid) && !poll_now(fd)) {
		(void)close(fd);
		if (first) {
			ledger_warn(&m->state, "process %d of the pid file is not in the container's group", (int)pid);
			return;
		}
	} else {
		m->fds[SOURCE_INIT] = fd;
	}
	m->state.init = pid;
	(void)monitor_listen(m, SOURCE_INIT, EPOLLIN, NULL);
	if (!first)
		return;
	if (m->ledger->plan.launcher != LAUNCHER_CREATE && !m->state.started_boot_ns) {
		m->state.started_boot_ns = m->host.boottime_ns();
		m->state.started_real_ns = m->host.realtime_ns();
	}
	ledger_commit(m->ledger, &m->state);
	if (m->fds[SOURCE_INIT] < 0)
		return;
	network_check(m);
	settle_be_prompt();
	guard_renew(m); /* with init's pidfd */
}

static pid_t read_pid_file(const struct monitor *m)
{
	char text[32], *end;
	long pid;

	if (file_read_small(AT_FDCWD, m->ledger->plan.pid_file, text, sizeof text) <= 0)
		return 0;
	pid = strtol(text, &end, 10);
	return end != text && *end == '\0' && pid > 1 && pid < INT32_MAX ? (pid_t)pid : 0;
}

void init_from_pid_file(struct monitor *m)
{
	pid_t pid = m->state.init ? 0 : read_pid_file(m);

	if (pid)
		init_found(m, pid);
}

bool init_gone(struct monitor *m)
{
	return m->fds[SOURCE_INIT] < 0 || poll_now(m->fds[SOURCE_INIT]);
}

bool init_status_needs_ptrace(void)
{
	struct pidfd_info_v0 info = {.mask = PIDFD_INFO_HAS_EXIT};
	_cleanup_close_ int self = (int)syscall(SYS_pidfd_open, getpid(), 0);

	return self < 0 || ioctl(self, PIDFD_INFO_REQUEST, &info) < 0;
}

static void set_status(struct monitor *m, int status)
{
	m->state.exit_known = true;
	m->state.exit_signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	m->state.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Older kernels: field 52 of a zombie's /proc/PID/stat. The pid is its own while the pidfd says that
 * it has not been reaped, which is looked at after the reading. */
static void status_from_zombie(struct monitor *m)
{
	char path[64], text[1024];
	const char *field;
	_cleanup_close_ int proc = open(m->host.proc, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)snprintf(path, sizeof path, "%d/stat", (int)m->state.init);
	if (proc < 0 || file_read_small(proc, path, text, sizeof text) <= 0)
		return;
	field = strrchr(text, ')');
	if (!field || strncmp(field, ") Z ", 4) != 0)
		return;
	field = strrchr(text, ' ');
	if (field && syscall(SYS_pidfd_send_signal, m->fds[SOURCE_INIT], 0, NULL, 0) == 0)
		set_status(m, atoi(field + 1));
}

void init_exit_status(struct monitor *m)
{
	struct pidfd_info_v0 info = {.mask = PIDFD_INFO_HAS_EXIT};

	if (m->state.exit_known || m->fds[SOURCE_INIT] < 0)
		return;
	if (ioctl(m->fds[SOURCE_INIT], PIDFD_INFO_REQUEST, &info) == 0) {
		if (info.mask & PIDFD_INFO_HAS_EXIT)
			set_status(m, info.exit_code);
	} else if (errno != ESRCH) {
		status_from_zombie(m);
	}
}
