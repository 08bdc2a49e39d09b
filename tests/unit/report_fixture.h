/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan and state that reports are made from, for the tests of the report. */
#ifndef STINT_TESTS_REPORT_FIXTURE_H
#define STINT_TESTS_REPORT_FIXTURE_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/report/report.h"

#define SECOND UINT64_C(1000000000)
#define REAL (UINT64_C(1795000000) * SECOND)

static struct ledger_plan plan;
static struct ledger_state state;
static struct ledger_violations violations;
static const struct ledger_figures *network; /* NULL: it has no rules */
static char text_line[LEDGER_REPORT_MAX];

/* A container that ran for 2.5 s and was killed for its CPU budget. */
static inline void killed_for_cpu(void)
{
	plan = (struct ledger_plan){.id = "web-1", .key = "web-1", .profile = "function", .runtime = "crun",
				    .cgroup_mode = CGROUP_HYBRID, .created_boot_ns = 10 * SECOND,
				    .created_real_ns = REAL};
	plan.budgets[BUDGET_CPU] = (struct budget_rule){.set = true, .action = ACTION_KILL, .limit = 2 * SECOND};
	strcpy(plan.sources[BUDGET_CPU], "profile function");
	state = (struct ledger_state){
		.started_boot_ns = 11 * SECOND, .started_real_ns = REAL + SECOND,
		.ended_boot_ns = 13 * SECOND + SECOND / 2, .ended_real_ns = REAL + 3 * SECOND + SECOND / 2,
		.exact = true, .exit_known = true, .exit_code = 137, .exit_signal = 9,
		.budget = BUDGET_CPU, .action = ACTION_KILL, .verdict_used = 2 * SECOND + 412345,
		.detected_boot_ns = 13 * SECOND, .dead_known = true, .dead_ns = 1500000, .wakeups = 7, .takeovers = 1,
	};
	state.usage = (struct cgroup_usage){
		.cpu_ns = 2 * SECOND + 500000, .cpu_user_ns = 2 * SECOND, .cpu_system_ns = 500000,
		.throttled_ns = UINT64_MAX, .memory_bytes = 4096, .memory_peak_bytes = 3 << 20, .pids = 0,
		.pids_peak = 4, .io_read_bytes = UINT64_MAX, .io_write_bytes = 8192, .oom_kills = 0,
	};
}

/* As above, but it ended by itself with `code`. */
static inline void ended_by_itself(int code)
{
	killed_for_cpu();
	state.budget = -1;
	state.exit_code = code;
	state.exit_signal = 0;
}

static inline struct json_doc *parsed(void)
{
	struct json_doc *doc = NULL;
	struct error err = {0};
	int length = report_line(&plan, &state, &violations, network, text_line, &err);

	cr_assert_gt(length, 0, "%s", err.text);
	cr_assert_eq(strlen(text_line), (size_t)length);
	cr_assert_eq(text_line[length - 1], '\n');
	cr_assert_eq(strchr(text_line, '\n'), text_line + length - 1, "it is one line");
	cr_assert_eq(json_parse("report", text_line, (size_t)length, &doc, &err), 0, "%s", err.text);
	return doc;
}

#endif
