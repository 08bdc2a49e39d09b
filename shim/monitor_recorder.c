/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A container that is recorded by notification goes no further without its recorder. When that is killed the kernel answers ENOSYS in
 * its place, but not before the runtime has handed over the descriptor that is answered by: until then who waits for the answer holds
 * it himself, and waits for ever, and so does the runtime that waits for him. So such a container ends with its recorder; one
 * whose denied calls alone are asked about, until its program has begun (crun, on its way, makes calls that models do not know).
 */
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/syscall.h>

#include "shim/monitor.h"

static void let_go(struct monitor *m)
{
	(void)epoll_ctl(m->epoll, EPOLL_CTL_DEL, m->fds[SOURCE_RECORDER], NULL);
	m->fds[SOURCE_RECORDER] = close_fd(m->fds[SOURCE_RECORDER]);
}

void recorder_event(struct monitor *m)
{
	let_go(m);
	if (!atomic_exchange(&m->ledger->asked, 0) || m->state.ended_boot_ns)
		return;
	monitor_say(m, "stint-recorder was killed: the container is killed, which asks it by notification and cannot go on without its "
		       "answers");
	if (!m->state.kill_after_boot_ns)
		m->state.kill_after_boot_ns = m->host.boottime_ns();
}

/* It has begun before there is a process in the container's group, whose coming leads to a look. */
void recorder_check(struct monitor *m)
{
	pid_t pid = atomic_load(&m->ledger->asked);

	if (!pid || m->fds[SOURCE_RECORDER] >= 0)
		return;
	m->fds[SOURCE_RECORDER] = (int)syscall(SYS_pidfd_open, pid, 0);
	if (m->fds[SOURCE_RECORDER] >= 0)
		(void)monitor_listen(m, SOURCE_RECORDER, EPOLLIN, NULL);
	else if (errno == ESRCH)
		recorder_event(m);
}
