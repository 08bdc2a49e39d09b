/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of a container: when it is reached, the report, and clearing away. */
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "lib/base/file.h"
#include "lib/launch/control.h"
#include "lib/launch/launch.h"
#include "lib/report/journal.h"
#include "lib/report/report.h"
#include "lib/state/lives.h"
#include "shim/monitor.h"

#define NEVER UINT64_MAX

static const uint64_t ms = 1000000;
enum {
	/* What SIGKILL has not ended by then is in the kernel for good (state D). */
	PENDING_AFTER_MS = 10000,
	/* For init to be reaped, or `stint run` to tell its status: a runtime does that at once. */
	STATUS_WAIT_MS = 1000,
	EXPIRE_EVERY = 16,
	LAUNCHER_TRIES = 20, /* a moment each */
	LAUNCHER_WAIT_S = 10,
};

/* The status can be had a moment later: from the kernel when init is reaped, or from `stint run`. */
static bool status_may_come(struct monitor *m, uint64_t now_ns, uint64_t *ret_look_ns)
{
	if (m->state.exit_known || !m->state.started_boot_ns)
		return false;
	init_exit_status(m);
	if (m->state.exit_known || m->end_status_known)
		return false;
	if (!m->gone_at_ns)
		m->gone_at_ns = now_ns;
	if (now_ns - m->gone_at_ns >= STATUS_WAIT_MS * ms)
		return false;
	if (m->fds[SOURCE_INIT] < 0 && m->ledger->plan.launcher != LAUNCHER_RUN)
		return false;
	*ret_look_ns = m->gone_at_ns + STATUS_WAIT_MS * ms;
	return true;
}

static bool pending(struct monitor *m, uint64_t now_ns, uint64_t *ret_look_ns)
{
	if (!m->state.killing_boot_ns || m->state.kill_pending)
		return false;
	if (now_ns - m->state.killing_boot_ns < PENDING_AFTER_MS * ms) {
		*ret_look_ns = m->state.killing_boot_ns + PENDING_AFTER_MS * ms;
		return false;
	}
	m->state.kill_pending = true;
	return true;
}

static void note_end(struct monitor *m)
{
	if (m->state.ended_boot_ns)
		return;
	m->state.ended_boot_ns = m->host.boottime_ns();
	m->state.ended_real_ns = m->host.realtime_ns();
}

void end_read_figures(struct monitor *m)
{
	struct cgroup_usage *usage = &m->state.usage;
	bool populated; /* before they are read: what ends after is in none of them */

	if (!m->group_known || m->state.exact)
		return;
	populated = cgroup_populated(&m->own) == 1;
	m->state.exact = cgroup_usage_read(&m->own, usage) == 0 && !populated;
	if (usage->cpu_ns != UINT64_MAX && usage->cpu_ns < m->state.cpu_seen_ns)
		usage->cpu_ns = m->state.cpu_seen_ns; /* the counter lags while the processes run */
}

/* A runtime that was killed half way leaves a process which waits for a start that cannot come, and of which the
 * runtime itself knows nothing. One that has ended well has written the pid file. */
static void abandon(struct monitor *m, uint64_t now_ns, uint64_t *ret_look_ns)
{
	char text[32];
	ssize_t n;

	if (m->state.init || !m->state.launcher_gone || m->state.kill_after_boot_ns)
		return;
	n = file_read_small(AT_FDCWD, m->ledger->plan.pid_file, text, sizeof text);
	if (n != 0 && n != -ENOENT)
		return; /* it is there, though not for us to read */
	ledger_warn(&m->state, "the runtime ended before there was a container; what it left was killed");
	m->state.kill_after_boot_ns = now_ns;
	*ret_look_ns = now_ns;
}

bool end_reached(struct monitor *m, uint64_t now_ns, uint64_t *ret_look_ns)
{
	int populated = m->group_known ? cgroup_populated(&m->own) : 0;

	if (populated == 1) {
		m->state.populated = true;
		abandon(m, now_ns, ret_look_ns);
		return pending(m, now_ns, ret_look_ns);
	}
	/* A group that is not ours goes at any moment now. */
	if (!m->ledger->plan.nested && m->state.init && !m->state.exact)
		end_read_figures(m);
	if (m->state.killing_boot_ns && !m->state.dead_known) {
		m->state.dead_known = true;
		m->state.dead_ns = now_ns - m->state.detected_boot_ns;
	}
	if (!m->state.init)
		return m->state.launcher_gone; /* it never began, or was over before it could be seen */
	if (!init_gone(m))
		return false;
	note_end(m); /* what is waited for from here on is not the container's time */
	return !status_may_come(m, now_ns, ret_look_ns);
}

/* A level that is only to be said sets no limit of the kernel's, which so does not tell of it. */
static bool over_warn_only(const struct budget_rule *rule, uint64_t peak)
{
	return rule->action == ACTION_WARN && peak != UINT64_MAX && peak > rule->limit;
}

/* Passed since the last look. */
static void last_warning(struct monitor *m, const struct reading *reading, enum budget b, uint64_t peak)
{
	const struct budget_rule *rule = &m->ledger->plan.budgets[b];
	struct decision decision = {.warned = UINT32_C(1) << b};

	if (!rule->warn || (m->state.schedule.warned & decision.warned) || peak == UINT64_MAX ||
	    peak < budget_warn_at(rule->limit, rule->warn))
		return;
	m->state.schedule.warned |= decision.warned;
	act_on_warnings(m, &decision, reading);
}

/* The figures of a group that may be gone. Its memory was last what it was when it was last looked at. */
static void read_last(struct monitor *m, struct reading *ret_reading)
{
	m->events_pending = true;
	monitor_read(m, ret_reading, false, false);
	ret_reading->now_ns = m->state.ended_boot_ns;
	ret_reading->cpu_ns = m->state.usage.cpu_ns;
	ret_reading->memory_bytes = m->state.schedule.memory.level;
	ret_reading->memory_peak_bytes = m->state.usage.memory_peak_bytes;
	ret_reading->pids = m->state.usage.pids_peak;
}

/* The kernel may have had to enforce a level in the very last moment. */
static void last_verdict(struct monitor *m, const struct reading *reading, uint64_t now_ns)
{
	const struct budget_rule *rules = m->ledger->plan.budgets;
	static const enum budget levels[] = {BUDGET_MEMORY, BUDGET_PIDS};

	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		enum budget b = levels[i];
		uint64_t peak = b == BUDGET_MEMORY ? reading->memory_peak_bytes : reading->pids;
		bool spent = over_warn_only(&rules[b], peak) ||
			     (b == BUDGET_MEMORY ? reading->oom_kills > 0 : reading->pids_refused > 0);

		if (!rules[b].set)
			continue;
		if (!spent)
			last_warning(m, reading, b, peak);
		if (!spent || (m->state.budget >= 0 && m->state.action >= rules[b].action))
			continue;
		m->state.budget = (int)b;
		m->state.action = rules[b].action;
		m->state.detected_boot_ns = now_ns;
		m->state.dead_known = rules[b].action >= ACTION_TERM;
		m->state.dead_ns = 0;
		m->state.verdict_used = schedule_used(&m->state.schedule, rules, reading, b);
	}
	/* A level's use is its peak, known best now. */
	if (m->state.budget == BUDGET_MEMORY)
		m->state.verdict_used = schedule_used(&m->state.schedule, rules, reading, BUDGET_MEMORY);
}

static void read_final_figures(struct monitor *m)
{
	end_read_figures(m);
	if (!m->state.exact && !m->state.kill_pending)
		ledger_warn(&m->state, "the group was gone before its last figures could be read");
	if (m->state.kill_pending)
		ledger_warn(&m->state, "kill pending: processes that do not die (uninterruptible) are left; the "
				       "figures are those so far");
}

static void set_exit(struct monitor *m)
{
	if (m->state.exit_known || !m->end_status_known || !m->state.started_boot_ns)
		return;
	/* A runtime's `run` exits with the container's status, where 128 + n may be signal n. */
	if (WIFEXITED(m->end_status)) {
		m->state.exit_known = true;
		m->state.exit_code = WEXITSTATUS(m->end_status);
		m->state.exit_signal = m->state.exit_code > 128 && m->state.killing_boot_ns ?
					       m->state.exit_code - 128 : 0;
	}
}

/* For when the engine starts it again. Written before the report is final, so that who takes over in between does
 * it once more: the sum is the same. */
static void keep_life(struct monitor *m, const struct reading *reading)
{
	const struct budget_rule *rules = m->ledger->plan.budgets;
	struct life life = {.runs = m->ledger->plan.runs_before + 1, .ended_real_ns = m->state.ended_real_ns};
	struct error err = {0};
	bool any = false;

	for (int b = 0; b < BUDGET_COUNT; b++) {
		if (!rules[b].set || budget_kinds[b].level || !budget_kinds[b].enforced)
			continue;
		life.used[b] = schedule_used(&m->state.schedule, rules, reading, (enum budget)b);
		if (life.used[b] == UINT64_MAX)
			life.used[b] = rules[b].used_before;
		any = true;
	}
	if (!any)
		return;
	if (life_write(m->lives_fd, m->key, &life, &err) < 0)
		ledger_warn(&m->state, "what it used is not kept for when it is started again: %s", err.text);
	/* A look at all that are there: now and then is enough. */
	if (life.runs == 1 && m->state.ended_boot_ns / 1000 % EXPIRE_EVERY == 0)
		lives_expire(m->lives_fd, m->state.ended_real_ns);
}

/* Who records it writes down the last of it, and the report says what he saw. */
static void end_recording(struct monitor *m)
{
	enum { TRIES = 1000 };
	const struct timespec moment = {.tv_nsec = 1000000};
	_cleanup_close_ int marker = openat(m->state_fd, RECORDING_MARKER, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (marker < 0 || unlinkat(m->state_fd, RECORDING_MARKER, 0) < 0)
		return;
	for (int tries = 0; tries < TRIES && flock(marker, LOCK_SH | LOCK_NB) < 0; tries++)
		(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &moment, NULL);
}

static void end_report(struct monitor *m)
{
	struct error err = {0};
	struct ledger_figures network;
	struct reading last;
	uint64_t now = m->host.boottime_ns();
	int length;

	if (atomic_load(&m->ledger->report_length))
		return; /* the one we took over from had got as far */
	note_end(m);
	read_final_figures(m);
	network_read_last(m);
	read_last(m, &last);
	schedule_count(&m->state.schedule, m->ledger->plan.budgets, &last);
	last_verdict(m, &last, now);
	set_exit(m);
	if (m->lives_fd >= 0)
		keep_life(m, &last);
	ledger_commit(m->ledger, &m->state);
	end_recording(m);
	length = report_line(&m->ledger->plan, &m->state, &m->ledger->violations,
			     ledger_figures(m->ledger, &network) ? &network : NULL, m->ledger->report, &err);
	if (length > 0)
		atomic_store(&m->ledger->report_length, (uint32_t)length);
}

/* A runtime's `run` still removes its own group and state. What it has removed its own of, we remove meanwhile; true
 * when that is all. */
static bool wait_for_launcher(struct monitor *m)
{
	const struct ledger_plan *plan = &m->ledger->plan;
	struct pollfd wait = {.fd = m->fds[SOURCE_LAUNCHER], .events = POLLIN};
	const struct timespec moment = {.tv_nsec = 300000}, rest = {.tv_sec = LAUNCHER_WAIT_S};
	bool removed = !plan->nested;
	int next = 0;

	if (plan->launcher != LAUNCHER_RUN || wait.fd < 0)
		return removed;
	for (int tries = 0; tries < LAUNCHER_TRIES && ppoll(&wait, 1, &moment, NULL) == 0; tries++)
		removed = removed || cgroup_remove_empty(&m->layout, plan->cgroup_path, &next);
	(void)ppoll(&wait, 1, &rest, NULL);
	return removed || cgroup_remove_empty(&m->layout, plan->cgroup_path, &next);
}

static void remove_group(struct monitor *m)
{
	const struct ledger_plan *plan = &m->ledger->plan;
	struct timespec pause = {.tv_nsec = 1000000};

	for (int i = 0; i < 200; i++) {
		if (cgroup_remove(&m->host, &m->layout, plan->cgroup_path, plan->keep_above, NULL) != -EBUSY)
			return;
		(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
	}
}

/* Ours still, and not another container's that came after somebody removed it. */
static bool state_is_ours(const struct monitor *m)
{
	struct stat held, named;

	return fstat(m->state_fd, &held) == 0 &&
	       fstatat(m->run_fd, m->key, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

/* What could not be appended waits in a directory of another name, so that the id is free again. */
static void set_aside(struct monitor *m)
{
	char name[STATE_KEY_MAX + 24];

	for (unsigned i = 1; i < 1000000; i++) {
		(void)snprintf(name, sizeof name, "%s~pending%u", m->key, i);
		if (renameat2(m->run_fd, m->key, m->run_fd, name, RENAME_NOREPLACE) == 0 || errno != EEXIST)
			return;
	}
}

static void end_clear(struct monitor *m)
{
	int result = journal_append(m->ledger, m->log_fd, NULL);
	bool removed = wait_for_launcher(m);

	network_dismiss(m);
	monitor_serve(m); /* `stint run` asks to be told when we are done, as soon as the runtime has ended */
	if (!removed)
		remove_group(m);
	atomic_store(&m->ledger->finished, 1);
	guard_stop(m);
	if (state_is_ours(m)) {
		if (journal_done(m->ledger)) {
			(void)dir_remove(m->run_fd, m->key);
			journal_retry(m->run_fd, m->log_fd);
		} else {
			set_aside(m);
		}
	}
	if (m->client < 0)
		monitor_serve(m);
	if (m->client >= 0) {
		struct control_answer answer = {.result = result};

		(void)send(m->client, &answer, sizeof answer, MSG_NOSIGNAL | MSG_DONTWAIT);
	}
}

/* False: there is something left of it to wait for. */
bool end_finish(struct monitor *m)
{
	end_report(m);
	if (m->state.kill_pending && m->group_known && cgroup_populated(&m->own) == 1) {
		(void)journal_append(m->ledger, m->log_fd, NULL);
		return false;
	}
	end_clear(m);
	return true;
}
