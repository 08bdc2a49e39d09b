/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The second process. */
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "shim/monitor.h"
#include "shim/settle.h"

static int pidfd_of(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* Told apart in ps, and by whoever means to stop one of them and not both: the command line's first word is
 * replaced, the others move up behind it. */
static void rename_self(const struct monitor *m, const char *name)
{
	const char *rest = m->words + strlen(m->words) + 1;
	size_t length = strlen(name) + 1, left = m->words_size - (size_t)(rest - m->words);

	(void)prctl(PR_SET_NAME, name);
	if (length + left > m->words_size)
		left = m->words_size - length;
	memmove(m->words + length, rest, left);
	memset(m->words + length + left, 0, m->words_size - length - left);
	memcpy(m->words, name, length);
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
	/* stint-network comes again, where we listen. */
	network_let_go(m);
	rename_self(m, "stint-monitor");
	/* Its signal went to the one that is dead. */
	m->pid_directory = close_fd(m->pid_directory);
	m->fds[SOURCE_PID_FILE] = close_fd(m->fds[SOURCE_PID_FILE]);
	(void)monitor_watch_pid_file(m, NULL);
}

/* In the standby: returns when it has become the monitor. */
static void stand_by(struct monitor *m, int monitor_pidfd)
{
	rename_self(m, "stint-guard");
	settle_stay_in_memory();
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

void guard_renew(struct monitor *m)
{
	(void)close_fd(dismiss(m));
	guard_start(m);
}
