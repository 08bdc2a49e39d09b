/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The report of one container: from its ledger to one JSON object on one line (the contract in
 * docs/report.md), and from such a line back for `stint report` and `stint why`.
 */
#ifndef STINT_REPORT_REPORT_H
#define STINT_REPORT_REPORT_H

#include "lib/base/json.h"
#include "lib/state/ledger.h"

/* Writes the line, newline included, NUL-terminated, into `line`; returns its length. A figure that
 * the kernel did not offer is null. Long texts are cut so that the line always fits. `network` NULL: nobody counted. */
int report_line(const struct ledger_plan *plan, const struct ledger_state *state, const struct ledger_violations *violations,
		const struct ledger_figures *network, char line[LEDGER_REPORT_MAX], struct error *err);

/* "killed: cpu budget 2.000s spent (used 2.001s)", from a report; "" when it has no verdict. malloc'ed. */
int report_verdict_text(const struct json *report, char **ret_text, struct error *err);
/* One sentence: what ended it, which budget, how far, which source set the limit. malloc'ed. */
int report_why(const struct json *report, char **ret_text, struct error *err);

enum report_format { REPORT_TEXT, REPORT_JSON, REPORT_LAMBDA, REPORT_ISOLATE, REPORT_HTML, REPORT_FORMAT_COUNT };
extern const char *const report_format_names[REPORT_FORMAT_COUNT + 1]; /* NULL at the end */
/* malloc'ed, ends in a newline. */
int report_render(const struct json *report, enum report_format format, char **ret_text, struct error *err);

#endif
