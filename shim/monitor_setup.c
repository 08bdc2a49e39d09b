/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening what the monitor needs, and giving up what it does not. */
#include <cap-ng.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>

#include "lib/base/file.h"
#include "lib/launch/control.h"
#include "lib/launch/launch.h"
#include "lib/report/journal.h"
#include "lib/state/lives.h"
#include "shim/monitor.h"
#include "shim/monitor_filter.h"
#include "shim/settle.h"

/* The runtime is about to move the container into its group. What the kernel waits for before that, it waits for
 * meanwhile: a runtime takes longer to get there (measured: create takes 5 ms less with crun, 9 with runc). At the
 * monitor's priority: every fork of the machine waits for who moves. */
void monitor_hasten_runtime(const struct monitor *m)
{
	struct cgroup group;

	if (fork() != 0)
		return;
	/* Nothing that is held open here may outlive the monitor. */
	(void)syscall(SYS_close_range, 3U, ~0U, 0);
	(void)prctl(PR_SET_NAME, "stint-hasten");
	if (cgroup_open(&m->host, &m->layout, MONITOR_GROUP, &group, NULL) == 0)
		(void)cgroup_wait_for_moves(&group);
	_exit(0);
}

int monitor_listen(struct monitor *m, enum source source, uint32_t events, struct error *err)
{
	struct epoll_event event = {.events = events, .data.u32 = source};

	if (m->fds[source] < 0)
		return 0;
	if (epoll_ctl(m->epoll, EPOLL_CTL_ADD, m->fds[source], &event) < 0)
		return error_errno(err, errno, "wait for events of the container");
	return 0;
}

static int listen_to_memory(struct monitor *m, const struct cgroup *group, enum source source, struct error *err)
{
	uint32_t events = EPOLLPRI;

	m->fds[source] = cgroup_memory_events_fd(group, &events);
	return monitor_listen(m, source, events, err);
}

static int listen_to_pids(struct monitor *m, const struct cgroup *group, enum source source, struct error *err)
{
	m->fds[source] = cgroup_pids_events_fd(group);
	return monitor_listen(m, source, EPOLLPRI, err);
}

/* v1's pids.events changes without its poll ever waking (measured on Linux 6.18), but the kernel logs the first
 * fork that it refuses in a group. Not all may read the log: then the refusal is noticed at the next look. */
static int listen_to_kernel_log(struct monitor *m, struct error *err)
{
	m->fds[SOURCE_KERNEL_LOG] = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (m->fds[SOURCE_KERNEL_LOG] >= 0)
		(void)lseek(m->fds[SOURCE_KERNEL_LOG], 0, SEEK_END);
	return monitor_listen(m, SOURCE_KERNEL_LOG, EPOLLIN, err);
}

/* The events of limits: v1 tells of the group that ran out of memory and those below it, not those above; and
 * forks are counted where the process is that was refused one (on v2 until Linux 6.11). */
int monitor_group_opened(struct monitor *m, struct error *err)
{
	bool nested = m->ledger->plan.nested;
	int r;

	m->group_known = true;
	m->events_pending = true;
	if (!nested) /* who removes it does so when he likes: what is not there at the end is known to be missing */
		(void)cgroup_usage_read(&m->own, &m->state.usage);
	m->fds[SOURCE_GROUP] = cgroup_events_fd(&m->own);
	r = monitor_listen(m, SOURCE_GROUP, EPOLLPRI, err);
	if (r == 0)
		r = listen_to_memory(m, &m->own, SOURCE_MEMORY, err);
	if (r == 0)
		r = listen_to_pids(m, &m->own, SOURCE_PIDS, err);
	if (r == 0 && nested && m->layout.mode != CGROUP_V2)
		r = listen_to_memory(m, &m->payload, SOURCE_PAYLOAD_MEMORY, err);
	if (r == 0 && nested)
		r = listen_to_pids(m, &m->payload, SOURCE_PAYLOAD_PIDS, err);
	if (r == 0 && m->layout.mode != CGROUP_V2 && m->ledger->plan.budgets[BUDGET_PIDS].set)
		r = listen_to_kernel_log(m, err);
	return r;
}

static int open_groups(struct monitor *m, struct error *err)
{
	char path[LEDGER_PATH_MAX + 16];
	const struct ledger_plan *plan = &m->ledger->plan;
	int r;

	if (!plan->nested)
		return 0; /* known when init is */
	r = cgroup_open(&m->host, &m->layout, plan->cgroup_path, &m->own, err);
	/* Its launcher was killed before it had made the group, or the group is gone: there is only a report to write. */
	if (r == -ENOENT && m->fds[SOURCE_LAUNCHER] < 0)
		return 0;
	if (r < 0)
		return r;
	(void)snprintf(path, sizeof path, "%s/payload", plan->cgroup_path);
	r = cgroup_open(&m->host, &m->layout, path, &m->payload, err);
	if (r < 0 && r != -ENOENT) /* the runtime removed it: we are taking up what another left */
		return r;
	return monitor_group_opened(m, err);
}

/* By dnotify (fcntl(2), F_NOTIFY), which signals us: to close an inotify instance takes an RCU grace
 * period, 10 ms that the end of every short container would wait for. */
int monitor_watch_pid_file(struct monitor *m, struct error *err)
{
	char directory[LEDGER_PATH_MAX];
	char *slash;
	sigset_t set;

	if (m->ledger->plan.launcher == LAUNCHER_HOOK || m->state.init)
		return 0;
	(void)snprintf(directory, sizeof directory, "%s", m->ledger->plan.pid_file);
	slash = strrchr(directory, '/');
	if (!slash)
		return error_set(err, EINVAL, "watch the pid file: its path is not absolute");
	*(slash == directory ? slash + 1 : slash) = '\0';
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGIO);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	m->pid_directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	m->fds[SOURCE_PID_FILE] = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (m->pid_directory < 0 || m->fds[SOURCE_PID_FILE] < 0 ||
	    fcntl(m->pid_directory, F_NOTIFY, DN_CREATE | DN_MODIFY | DN_RENAME | DN_MULTISHOT) < 0)
		return error_errno(err, errno, "watch %s for the pid file", directory);
	return monitor_listen(m, SOURCE_PID_FILE, EPOLLIN, err);
}

static int open_sources(struct monitor *m, struct error *err)
{
	int r;

	m->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (m->epoll < 0)
		return error_errno(err, errno, "make an epoll set");
	m->fds[SOURCE_TIMER] = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (m->fds[SOURCE_TIMER] < 0)
		return error_errno(err, errno, "make a timer");
	r = monitor_listen(m, SOURCE_TIMER, EPOLLIN, err);
	if (r == 0)
		r = monitor_listen(m, SOURCE_LAUNCHER, EPOLLIN, err);
	if (r == 0)
		r = control_listen(m->state_fd, CONTROL_SOCKET, &m->fds[SOURCE_SOCKET], err);
	if (r == 0)
		r = monitor_listen(m, SOURCE_SOCKET, EPOLLIN, err);
	if (r == 0)
		r = open_groups(m, err);
	if (r == 0)
		r = monitor_watch_pid_file(m, err);
	return r;
}

static int open_state(struct monitor *m, struct error *err)
{
	int r = state_open(&m->host, &m->run_fd, err);

	if (r < 0)
		return r;
	m->state_fd = openat(m->run_fd, m->key, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (m->state_fd < 0)
		return error_errno(err, errno, "open the state of %s", m->key);
	r = ledger_open(m->state_fd, true, &m->ledger, &m->ledger_fd, err);
	if (r < 0)
		return r;
	if (ledger_lock(m->ledger_fd) < 0)
		return error_set(err, EBUSY, "watch %s: it is being watched already", m->key);
	m->state = *ledger_current(m->ledger);
	return 0;
}

/* What it holds, and what clearing away takes: too late to find out then. */
static int need_descriptors(struct error *err)
{
	static const rlim_t needed = 128;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return error_errno(err, errno, "ask for the limit of open files");
	if (limit.rlim_cur >= needed)
		return 0;
	limit.rlim_cur = needed;
	if (limit.rlim_max < needed || setrlimit(RLIMIT_NOFILE, &limit) < 0)
		return error_set(err, EMFILE, "watch a container: that takes %llu open files, and the limit (ulimit -n) is %llu",
				 (unsigned long long)needed, (unsigned long long)limit.rlim_max);
	return 0;
}

int monitor_settle(struct monitor *m, const char *root, bool launched, struct error *err)
{
	int r = settle_let_go(launched ? 5 : 4, err);

	if (r == 0)
		r = need_descriptors(err);
	if (r == 0)
		r = host_init(&m->host, root, err);
	if (r == 0)
		r = cgroup_layout_read(&m->host, &m->layout, err);
	if (r < 0)
		return r;
	m->own = m->payload = CGROUP_CLOSED(&m->layout);
	r = settle_move_away(&m->host, &m->layout, err);
	if (r == 0)
		settle_prepare_to_be_prompt();
	return r;
}

int monitor_open(struct monitor *m, bool launched, struct error *err)
{
	int r = open_state(m, err);

	if (r == 0)
		r = journal_dir_open(&m->host, &m->log_fd, err);
	if (r == 0 && life_is_kept(m->ledger->plan.id))
		r = lives_open(&m->host, m->key, &m->lives_fd, err);
	if (r == 0)
		r = open_sources(m, err);
	if (r < 0)
		return r;
	m->state.launcher_gone = !launched;
	if (!launched || atomic_load(&m->ledger->monitor)) {
		m->state.takeovers++;
		ledger_warn(&m->state, "both processes of the monitor were killed; it was started again");
	}
	if (m->state.init)
		init_found(m, m->state.init);
	network_check(m);
	return 0;
}

int monitor_confine(struct monitor *m, struct error *err)
{
	capng_clear(CAPNG_SELECT_CAPS);
	(void)capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_KILL);
	if (init_status_needs_ptrace())
		(void)capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_SYS_PTRACE);
	/* --report may be in a directory of another user's. */
	if (m->ledger->plan.report_file[0])
		(void)capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_DAC_OVERRIDE);
	if (capng_apply(CAPNG_SELECT_CAPS) < 0)
		return error_set(err, EPERM, "drop the monitor's capabilities");
	return filter_self(err);
}
