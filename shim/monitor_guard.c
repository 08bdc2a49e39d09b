/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The second process, and what happens when both are killed. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "shim/monitor.h"

static int pidfd_of(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* Told apart in ps, and by those who mean to stop one of them. */
static void rename_self(const char *name)
{
	(void)prctl(PR_SET_NAME, name);
}

static void wait_for_end_of(int pidfd)
{
	struct pollfd wait = {.fd = pidfd, .events = POLLIN};

	while (poll(&wait, 1, -1) < 0 && errno == EINTR)
		;
}

/* The monitor is dead: take up its work as the ledger has it. What it opened after it made us is
 * not ours; init's pidfd is, since guard_renew follows whenever init is found. */
static void take_over(struct monitor *m)
{
	m->state = *ledger_current(m->ledger);
	m->state.takeovers++;
	m->events_pending = true;
	m->client = close_fd(m->client);
	m->fds[SOURCE_PEER] = -EBADF;
	rename_self("stint-monitor");
	/* Its signal went to the one that is dead. */
	m->pid_directory = close_fd(m->pid_directory);
	m->fds[SOURCE_PID_FILE] = close_fd(m->fds[SOURCE_PID_FILE]);
	(void)monitor_watch_pid_file(m, NULL);
}

/* In the standby: returns when it has become the monitor. */
static void stand_by(struct monitor *m, int monitor_pidfd)
{
	rename_self("stint-guard");
	wait_for_end_of(monitor_pidfd);
	(void)close(monitor_pidfd);
	if (atomic_load(&m->ledger->finished))
		_exit(0);
	take_over(m);
}

void guard_start(struct monitor *m)
{
	for (;;) {
		int self = pidfd_of(getpid());
		pid_t pid = self < 0 ? -1 : fork();

		if (pid == 0) {
			stand_by(m, self);
			continue; /* with a standby of our own */
		}
		(void)close_fd(self);
		atomic_store(&m->ledger->monitor, getpid());
		atomic_store(&m->ledger->standby, pid > 0 ? pid : 0);
		m->fds[SOURCE_PEER] = pid > 0 ? pidfd_of(pid) : -EBADF;
		if (pid < 0)
			ledger_warn(&m->state, "the monitor has no standby: %s", strerror(errno));
		(void)monitor_listen(m, SOURCE_PEER, EPOLLIN, NULL);
		ledger_commit(m->ledger, &m->state);
		return;
	}
}

static int dismiss(struct monitor *m)
{
	int standby = m->fds[SOURCE_PEER];

	m->fds[SOURCE_PEER] = -EBADF;
	if (standby >= 0) {
		(void)epoll_ctl(m->epoll, EPOLL_CTL_DEL, standby, NULL);
		(void)syscall(SYS_pidfd_send_signal, standby, SIGKILL, NULL, 0);
	}
	return standby;
}

void guard_stop(struct monitor *m)
{
	struct pollfd wait = {.fd = dismiss(m), .events = POLLIN};

	if (wait.fd < 0)
		return;
	(void)poll(&wait, 1, 1000);
	(void)close(wait.fd);
}

/* For a moment there is none; but there is the deadman. */
void guard_renew(struct monitor *m)
{
	(void)close_fd(dismiss(m));
	guard_start(m);
}

/* Each pipe's ends must be closed in the right order when the last of us exits: the writer while the
 * reader is still open. The kernel closes a dead process's files in one go, today from the highest
 * descriptor down, without promising it: so there is one pipe for either order. */
void deadman_make(struct monitor *m)
{
	static const int low = 60, high = 80;

	memset(m->deadman, -1, sizeof m->deadman);
	if (!m->ledger->plan.kill_on_monitor_loss)
		return;
	for (int i = 0; i < 2; i++) {
		int ends[2];

		if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
			return;
		m->deadman[i][0] = fcntl(ends[0], F_DUPFD_CLOEXEC, i == 0 ? low : high);
		m->deadman[i][1] = fcntl(ends[1], F_DUPFD_CLOEXEC, i == 0 ? high : low);
		(void)close(ends[0]);
		(void)close(ends[1]);
	}
}

void deadman_arm(struct monitor *m, pid_t init)
{
	for (int i = 0; i < 2; i++) {
		int fd = m->deadman[i][0];

		if (fd < 0)
			continue;
		/* The kernel keeps the process, not its number. */
		if (fcntl(fd, F_SETOWN, init) < 0 || fcntl(fd, F_SETSIG, SIGKILL) < 0 ||
		    fcntl(fd, F_SETFL, O_ASYNC | O_NONBLOCK) < 0)
			ledger_warn(&m->state, "the container is not killed if both of the monitor's "
					       "processes are: %s", strerror(errno));
	}
}
