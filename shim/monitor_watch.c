/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The monitor's loop: wait, read, decide, act. */
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include "lib/base/file.h"
#include "lib/launch/control.h"
#include "shim/monitor.h"

#define UNKNOWN UINT64_MAX

enum { SAID_WITHIN_MS = 100 };

static void drop_source(struct monitor *m, enum source source)
{
	(void)epoll_ctl(m->epoll, EPOLL_CTL_DEL, m->fds[source], NULL);
	m->fds[source] = close_fd(m->fds[source]);
}

static void read_levels(struct monitor *m)
{
	uint64_t count;

	m->events_pending = false;
	if (cgroup_oom_kills(&m->own, &count) == 0)
		m->state.usage.oom_kills = count;
	/* v1 counts in each group for itself. The last reading stays when the runtime removes it. */
	if (m->layout.mode != CGROUP_V2 && m->ledger->plan.nested &&
	    cgroup_oom_kills(&m->payload, &count) == 0)
		m->state.payload_oom_kills = count;
	if (cgroup_pids_refused(&m->own, &count) == 0)
		m->state.usage.pids_refused = count;
	/* As v2 did before Linux 6.11 too, for the forking process's own group. */
	if (m->ledger->plan.nested && cgroup_pids_refused(&m->payload, &count) == 0 &&
	    (m->state.usage.pids_refused == UNKNOWN || count > m->state.usage.pids_refused))
		m->state.usage.pids_refused = count;
}

static uint64_t known(uint64_t figure)
{
	return figure == UNKNOWN ? 0 : figure;
}

static bool nearly_spent(const struct monitor *m, const struct reading *reading)
{
	const struct budget_rule *rules = m->ledger->plan.budgets;
	uint64_t least = UNKNOWN, left;

	if (rules[BUDGET_CPU].set)
		least = budget_remaining(rules[BUDGET_CPU].limit,
					 schedule_used(&m->state.schedule, rules, reading, BUDGET_CPU));
	if (rules[BUDGET_CPU_RATE].set) {
		left = m->state.schedule.cpu_bucket.level;
		least = left < least ? left : least;
	}
	return budget_time_until(least, reading->cpu_rate) < 2 * CGROUP_CPU_LAG_NS;
}

/* To the moment where it matters, as the kernel happens to have it before. */
static void read_cpu(struct monitor *m, struct reading *reading)
{
	reading->cpu_lag_ns = CGROUP_CPU_LAG_NS;
	if (cgroup_cpu_ns(&m->own, false, &reading->cpu_ns) < 0 || !nearly_spent(m, reading))
		return;
	if (cgroup_cpu_ns(&m->own, true, &reading->cpu_ns) == 0)
		reading->cpu_lag_ns = 0;
}

/* The kernel announces that a level was passed, not that it is near: a threshold below it is looked at whenever
 * there is a look for another reason, and at the end. */
static void read_peaks(struct monitor *m, struct reading *reading)
{
	static const enum budget levels[] = {BUDGET_MEMORY, BUDGET_PIDS};
	struct cgroup_usage usage = cgroup_usage_unknown;
	bool due = false;

	for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
		due |= m->ledger->plan.budgets[levels[i]].warn &&
		       !(m->state.schedule.warned & UINT32_C(1) << levels[i]);
	if (!due || cgroup_usage_read(&m->own, &usage) < 0)
		return;
	reading->memory_peak_bytes = usage.memory_peak_bytes;
	reading->pids = usage.pids_peak;
}

void monitor_read(struct monitor *m, struct reading *reading, bool cpu, bool memory)
{
	const struct ledger_plan *plan = &m->ledger->plan;

	if (m->group_known && m->events_pending)
		read_levels(m);
	*reading = (struct reading){
		.started_ns = m->state.started_boot_ns,
		.cpu_ns = UNKNOWN,
		.memory_bytes = UNKNOWN,
		.memory_peak_bytes = UNKNOWN,
		.oom_kills = known(m->state.usage.oom_kills) + m->state.payload_oom_kills,
		.pids = UNKNOWN,
		.pids_refused = known(m->state.usage.pids_refused),
		.told_spent = m->state.network_spent,
		.told_warned = m->state.network_warned,
		.cpu_rate = cpu_rate(plan->cpus, m->state.limits_changed ? 0 : plan->cpu_quota_us, plan->cpu_period_us),
		.memory_limit = plan->memory_limit && !m->state.limits_changed ? plan->memory_limit :
				(uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE),
	};
	memcpy(reading->network_used, m->state.network_used, sizeof reading->network_used);
	if (m->group_known && cpu)
		read_cpu(m, reading);
	if (reading->cpu_ns != UNKNOWN && reading->cpu_ns > m->state.cpu_seen_ns)
		m->state.cpu_seen_ns = reading->cpu_ns;
	if (m->group_known && memory)
		(void)cgroup_memory_bytes(&m->own, &reading->memory_bytes);
	if (m->group_known)
		read_peaks(m, reading);
	reading->now_ns = m->host.boottime_ns();
}

static void set_timer(struct monitor *m, uint64_t at_ns)
{
	struct itimerspec spec = {0};

	if (at_ns != UNKNOWN) {
		spec.it_value.tv_sec = (time_t)(at_ns / 1000000000u);
		spec.it_value.tv_nsec = (long)(at_ns % 1000000000u);
	}
	(void)timerfd_settime(m->fds[SOURCE_TIMER], TFD_TIMER_ABSTIME, &spec, NULL);
}

static void act(struct monitor *m, const struct decision *decision, const struct reading *reading)
{
	act_on_warnings(m, decision, reading);
	if (decision->set_quota)
		act_on_quota(m, decision->quota_us, decision->period_us);
	if (decision->spent < 0)
		return;
	act_on_spent(m, decision->spent, decision->used, reading->now_ns);
	for (int b = 0; b < BUDGET_COUNT; b++)
		if (decision->also & UINT32_C(1) << b)
			act_on_spent(m, b, schedule_used(&m->state.schedule, m->ledger->plan.budgets, reading,
							 (enum budget)b), reading->now_ns);
}

/* v1 announces that memory ran out before the kernel kills, and counts the kill after: look again a few
 * times, ever later. */
static uint64_t settle(struct monitor *m, const struct reading *reading)
{
	static const uint64_t longest = UINT64_C(10000000000);

	if (!m->settle_ns)
		return UNKNOWN;
	if (reading->oom_kills > m->settle_from || m->settle_ns > longest) {
		m->settle_ns = 0;
		return UNKNOWN;
	}
	m->events_pending = true;
	m->settle_ns *= 2;
	return reading->now_ns + m->settle_ns / 2;
}

/* One look; returns when the next has to be, whatever happens till then. */
static uint64_t look(struct monitor *m)
{
	const struct budget_rule *rules = m->ledger->plan.budgets;
	struct schedule_needs needs = schedule_needs(&m->state.schedule, rules, m->host.boottime_ns());
	struct reading reading;
	struct decision decision;
	uint64_t next, again;

	monitor_read(m, &reading, needs.cpu, needs.memory);
	schedule_look(&m->state.schedule, rules, &reading, &decision);
	act(m, &decision, &reading);
	next = decision.next_ns;
	again = settle(m, &reading);
	if (again < next)
		next = again;
	again = recorder_check(m);
	if (again < next)
		next = again;
	if (m->state.kill_after_boot_ns && reading.now_ns >= m->state.kill_after_boot_ns)
		next = act_kill(m, reading.now_ns);
	else if (m->state.kill_after_boot_ns && m->state.kill_after_boot_ns < next)
		next = m->state.kill_after_boot_ns;
	return next;
}

static void answer(int fd, int result)
{
	struct control_answer text = {.result = result};

	(void)send(fd, &text, sizeof text, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void start_wall(struct monitor *m)
{
	if (m->state.started_boot_ns && m->ledger->plan.launcher != LAUNCHER_HOOK)
		return;
	m->state.started_boot_ns = m->host.boottime_ns();
	m->state.started_real_ns = m->host.realtime_ns();
	ledger_commit(m->ledger, &m->state);
}

/* Room for what the runtime is about to set below; the rest of its work is planned by what may be now. */
static int update(struct monitor *m, const struct control_message *message)
{
	struct ledger_plan *plan = &m->ledger->plan;
	int r = plan->nested ? act_on_update(m, &message->limits) : 0;

	if (r < 0)
		return r;
	if (!plan->nested)
		m->state.limits_changed = true; /* we will not be told whether, and to what */
	plan->cpus = host_cpus_online(&m->host);
	schedule_replan(&m->state.schedule, plan->budgets);
	if (message->text[0])
		ledger_warn(&m->state, "update held to the plan: %.*s", (int)sizeof message->text, message->text);
	ledger_commit(m->ledger, &m->state);
	return 0;
}

void monitor_serve(struct monitor *m)
{
	struct control_message message = {0};
	ssize_t length;
	struct ucred peer;
	socklen_t size = sizeof peer;
	struct pollfd wait = {.events = POLLIN};
	_cleanup_close_ int fd = accept4(m->fds[SOURCE_SOCKET], NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || peer.uid != geteuid())
		return;
	wait.fd = fd; /* who connects and says nothing must not hold us up */
	length = poll(&wait, 1, SAID_WITHIN_MS) == 1 ? recv(fd, &message, sizeof message, MSG_DONTWAIT) : -1;
	if (length != (ssize_t)(message.verb == CONTROL_UPDATE ? sizeof message : offsetof(struct control_message, limits)))
		return;
	switch (message.verb) {
	case CONTROL_START:
		if (m->ledger->plan.network && !atomic_load(&m->ledger->network.applied)) {
			answer(fd, -ENETDOWN);
			break;
		}
		init_from_pid_file(m);
		start_wall(m);
		answer(fd, 0);
		break;
	case CONTROL_KILL:
		ledger_warn(&m->state, "killed because its runtime was killed, by signal %d", message.value);
		m->state.kill_after_boot_ns = m->host.boottime_ns();
		answer(fd, 0);
		break;
	case CONTROL_END:
		m->end_status = message.value;
		m->end_status_known = true;
		(void)close_fd(m->client);
		m->client = steal_fd(&fd); /* answered at the end */
		break;
	case CONTROL_UPDATE:
		answer(fd, update(m, &message));
		break;
	case CONTROL_NETWORK:
		if (network_adopt(m, fd, peer.pid))
			(void)steal_fd(&fd);
		break;
	default:
		answer(fd, -EINVAL);
	}
}

/* A kernel file says "changed" until it is read through the same descriptor; a removed one for ever. */
static void event_file(struct monitor *m, enum source source)
{
	char text[512];

	m->events_pending = true;
	if (m->fds[source] < 0)
		return;
	if (pread(m->fds[source], text, sizeof text, 0) >= 0)
		return;
	if (errno == ESPIPE && read(m->fds[source], text, sizeof text) >= 0) { /* v1's eventfd */
		static const uint64_t shortest = 500000;

		m->settle_from = known(m->state.usage.oom_kills) + m->state.payload_oom_kills;
		m->settle_ns = shortest;
		return;
	}
	if (errno != EAGAIN)
		drop_source(m, source);
}

/* What it says does not matter: that it says something is the reason to look. */
static void kernel_log_event(struct monitor *m)
{
	enum { RECORDS_MAX = 1000 };
	char record[8192];
	ssize_t n;

	m->events_pending = true;
	for (int i = 0; i < RECORDS_MAX; i++) {
		n = read(m->fds[SOURCE_KERNEL_LOG], record, sizeof record);
		if (n < 0 && errno == EPIPE) /* some were lost */
			continue;
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			drop_source(m, SOURCE_KERNEL_LOG);
		if (n <= 0)
			return;
	}
}

static void pid_file_event(struct monitor *m)
{
	struct signalfd_siginfo info;

	/* Once: who writes to that directory without end must not keep us here. */
	(void)!read(m->fds[SOURCE_PID_FILE], &info, sizeof info);
	init_from_pid_file(m);
	if (!m->state.init)
		return;
	drop_source(m, SOURCE_PID_FILE);
	m->pid_directory = close_fd(m->pid_directory);
}

static void handle(struct monitor *m, enum source source)
{
	uint64_t ticks;
	struct epoll_event hang_up = {.events = 0, .data.u32 = SOURCE_INIT};

	if (m->fds[source] < 0)
		return; /* dropped by an event before it in the same batch */
	switch (source) {
	case SOURCE_TIMER:
		(void)!read(m->fds[SOURCE_TIMER], &ticks, sizeof ticks);
		break;
	case SOURCE_INIT:
		/* Readable for ever now; that it is reaped is the one thing left to hear. */
		(void)epoll_ctl(m->epoll, EPOLL_CTL_MOD, m->fds[SOURCE_INIT], &hang_up);
		init_exit_status(m);
		/* Before all else: who made the group (systemd) removes it as soon as it hears that it is empty. */
		if (!m->ledger->plan.nested)
			end_read_figures(m);
		if (m->init_status_waited)
			(void)epoll_ctl(m->epoll, EPOLL_CTL_DEL, m->fds[SOURCE_INIT], NULL);
		m->init_status_waited = true;
		break;
	case SOURCE_LAUNCHER:
		m->state.launcher_gone = true;
		init_from_pid_file(m);
		drop_source(m, SOURCE_LAUNCHER);
		break;
	case SOURCE_PEER:
		drop_source(m, SOURCE_PEER);
		guard_start(m);
		break;
	case SOURCE_SOCKET:
		monitor_serve(m);
		break;
	case SOURCE_KERNEL_LOG:
		kernel_log_event(m);
		break;
	case SOURCE_PID_FILE:
		pid_file_event(m);
		break;
	case SOURCE_NETWORK:
		network_event(m);
		break;
	case SOURCE_RECORDER:
		recorder_event(m);
		break;
	default:
		event_file(m, source);
	}
}

static void start_schedule(struct monitor *m)
{
	struct reading reading;

	if (m->state.schedule_begun)
		return;
	m->state.schedule_begun = true;
	monitor_read(m, &reading, true, true);
	schedule_start(&m->state.schedule, m->ledger->plan.budgets, &reading);
}

void monitor_watch(struct monitor *m)
{
	struct epoll_event events[8];

	start_schedule(m);
	init_from_pid_file(m); /* it may have been written before we watched for it */
	for (;;) {
		uint64_t next = look(m), now = m->host.boottime_ns(), end_look = UNKNOWN;
		int n;

		if (end_reached(m, now, &end_look) && end_finish(m))
			return;
		set_timer(m, next < end_look ? next : end_look);
		ledger_commit(m->ledger, &m->state);
		n = epoll_wait(m->epoll, events, (int)ARRAY_SIZE(events), -1);
		m->state.wakeups++;
		for (int i = 0; i < n; i++)
			handle(m, (enum source)events[i].data.u32);
	}
}
