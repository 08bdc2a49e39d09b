/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A container that is recorded by notification goes no further without its recorder. When that is killed the kernel answers ENOSYS in
 * its place, but not before the runtime has handed over the descriptor that is answered by: until then who waits for the answer holds
 * it himself, and waits for ever, and so does the runtime that waits for him. So such a container ends with its recorder; one
 * whose denied calls alone are asked about, until its program has begun (crun, on its way, makes calls that models do not know).
 * From then on it is what is being executed in it that ends with the recorder, until its program has begun.
 */
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>

#include "lib/base/process.h"
#include "lib/launch/launch.h"
#include "shim/monitor.h"

#define NEVER UINT64_MAX

/* Nothing is killed at once, so that who executes something in the container is told why before (exec_watch.c). */
static const uint64_t moment_ns = 50000000;

static void let_go(struct monitor *m)
{
	(void)epoll_ctl(m->epoll, EPOLL_CTL_DEL, m->fds[SOURCE_RECORDER], NULL);
	m->fds[SOURCE_RECORDER] = close_fd(m->fds[SOURCE_RECORDER]);
}

void recorder_event(struct monitor *m)
{
	let_go(m);
	if (!atomic_load(&m->ledger->asked.pid) || m->state.ended_boot_ns)
		return;
	m->recorder_gone_ns = m->host.boottime_ns();
	if (!atomic_load(&m->ledger->asked.needed) || m->state.kill_after_boot_ns)
		return;
	monitor_say(m, "stint-recorder was killed: the container is killed, which asks it by notification and cannot go on without its "
		       "answers");
	m->state.kill_after_boot_ns = m->recorder_gone_ns + moment_ns;
}

/* --- what is being executed in the container --- */

static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* It came from outside, and has the runtime's command line still. (Who executes a runtime in the container is one of its processes.) */
static bool is_on_its_way(const struct monitor *m, pid_t pid, const pid_t *pids, int count)
{
	pid_t parent = process_status_number(m->host.proc, pid, "PPid");
	const char *runtime = m->ledger->asked.runtime[0] ? m->ledger->asked.runtime : m->ledger->plan.runtime_path;
	char word[PROCESS_WORD_MAX];

	for (int i = 0; i < count; i++)
		if (pids[i] == parent)
			return false;
	return process_first_word(m->host.proc, pid, word) && strcmp(name_of(word), name_of(runtime)) == 0;
}

static bool end_exec(const struct monitor *m, pid_t pid, const pid_t *pids, int count)
{
	_cleanup_close_ int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd ended = {.fd = pidfd, .events = POLLIN};

	/* That it has not ended is looked at last: what was read was its own. */
	return pidfd >= 0 && is_on_its_way(m, pid, pids, count) && poll(&ended, 1, 0) == 0 &&
	       syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0) == 0;
}

static void end_execs(struct monitor *m)
{
	enum { MANY = 4096 };
	pid_t pids[MANY];
	int count = cgroup_pids(&m->own, pids, MANY);

	count = count > MANY ? MANY : count;
	for (int i = 0; i < count; i++)
		if (end_exec(m, pids[i], pids, count) && !m->execs_ended) {
			m->execs_ended = true;
			monitor_say(m, "stint-recorder was killed: what was being executed in the container is killed, which asks it by "
				       "notification and may wait for its answer for ever");
		}
}

/* One that had connected to the recorder may be on its way for some time yet; who comes later is refused. The looks grow rarer. */
static uint64_t look_for_execs(struct monitor *m)
{
	static const uint64_t longest = UINT64_C(10000000000);
	uint64_t now_ns = m->host.boottime_ns(), gone_for = now_ns - m->recorder_gone_ns;

	if (gone_for > longest)
		return NEVER;
	if (gone_for >= moment_ns)
		end_execs(m);
	return now_ns + (gone_for / 4 < moment_ns ? moment_ns : gone_for / 4);
}

/* It has begun before there is a process in the container's group, whose coming leads to a look. */
uint64_t recorder_check(struct monitor *m)
{
	pid_t pid = atomic_load(&m->ledger->asked.pid);

	if (pid && !m->recorder_gone_ns && m->fds[SOURCE_RECORDER] < 0) {
		m->fds[SOURCE_RECORDER] = recorder_hold(m->state_fd, pid);
		if (m->fds[SOURCE_RECORDER] == -ESRCH)
			recorder_event(m);
		else
			(void)monitor_listen(m, SOURCE_RECORDER, EPOLLIN, NULL);
	}
	return m->recorder_gone_ns && !atomic_load(&m->ledger->asked.needed) ? look_for_execs(m) : NEVER;
}
