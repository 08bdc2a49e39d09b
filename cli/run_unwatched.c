/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `stint run` does of a monitor's work when no monitor can be had: kill, report, clear away. */
#include <stdatomic.h>
#include <stdio.h>
#include <sys/wait.h>

#include "cli/run.h"
#include "lib/base/file.h"
#include "lib/report/journal.h"
#include "lib/report/report.h"

enum { DYING_TRIES = 1000 }; /* 2 ms each */

static int open_group(const struct launch *launch, struct cgroup_layout *layout, struct cgroup *group)
{
	int r = cgroup_layout_read(launch->host, layout, NULL);

	return r < 0 ? r : cgroup_open(launch->host, layout, launch->ledger->plan.cgroup_path, group, NULL);
}

bool unwatched_kill(const struct launch *launch)
{
	struct cgroup_layout layout;
	struct cgroup group;

	if (!launch->ledger->plan.kill_on_monitor_loss || open_group(launch, &layout, &group) < 0)
		return false;
	(void)cgroup_kill(&group);
	cgroup_close(&group);
	return true;
}

static void read_figures(const struct launch *launch, struct ledger_state *state)
{
	struct cgroup_layout layout;
	struct cgroup group;
	bool populated;

	state->exact = false;
	if (open_group(launch, &layout, &group) < 0)
		return;
	for (int i = 0; i < DYING_TRIES && cgroup_populated(&group) == 1; i++)
		(void)usleep(2000);
	populated = cgroup_populated(&group) == 1;
	state->exact = cgroup_usage_read(&group, &state->usage) == 0 && !populated;
	cgroup_close(&group);
}

static void write_report(const struct launch *launch, int wait_status, const char *why)
{
	struct ledger *ledger = launch->ledger;
	struct ledger_state state = *ledger_current(ledger);
	struct ledger_figures network;
	int length;

	ledger_warn(&state, "watched to its end by nobody: %s", why);
	state.ended_boot_ns = launch->host->boottime_ns();
	state.ended_real_ns = launch->host->realtime_ns();
	read_figures(launch, &state);
	if (!state.exit_known && state.started_boot_ns && WIFEXITED(wait_status)) {
		state.exit_known = true;
		state.exit_code = WEXITSTATUS(wait_status);
	}
	ledger_commit(ledger, &state);
	length = report_line(&ledger->plan, &state, &ledger->violations, ledger_figures(ledger, &network) ? &network : NULL,
			     ledger->report, NULL);
	if (length > 0)
		atomic_store(&ledger->report_length, (uint32_t)length);
}

void unwatched_end(struct launch *launch, int wait_status, const char *why)
{
	_cleanup_close_ int log_fd = -1;

	/* With this lock nobody else becomes its monitor. */
	if (ledger_lock(launch->ledger_fd) < 0)
		return;
	if (!atomic_load(&launch->ledger->report_length))
		write_report(launch, wait_status, why);
	(void)journal_dir_open(launch->host, &log_fd, NULL);
	(void)journal_append(launch->ledger, log_fd, NULL);
	/* A report that could not be written stays in its state directory, until the next who comes by can. */
}
