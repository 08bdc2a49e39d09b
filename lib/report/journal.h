/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The journal: /var/log/stint/reports.jsonl, one report a line. Each line is there whole and once,
 * or not yet: a report is final in its ledger first, then appended under a lock; who takes over
 * from a killed writer looks whether the line got there. A line that was cut short (a full disk, a writer killed
 * within its write) is removed by the next who holds the lock, its owner having still the whole of it.
 */
#ifndef STINT_REPORT_JOURNAL_H
#define STINT_REPORT_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/error.h"
#include "lib/base/host.h"
#include "lib/base/json.h"
#include "lib/state/ledger.h"

/* Opens the log directory, made when missing (0755). */
int journal_dir_open(const struct host *host, int *ret_fd, struct error *err);

/* Appends the ledger's report to reports.jsonl in `log_dirfd` (-1: none) and to its --report file, each once
 * however often this is called. 0: all written. -ENOSPC and the like: the report stays in the ledger. */
int journal_append(struct ledger *ledger, int log_dirfd, struct error *err);
/* True when nothing is left to append. */
bool journal_done(const struct ledger *ledger);

/* Appends what earlier monitors could not: ledgers below the state directory `run_fd` with a final
 * report and no monitor alive. Removes their directories when done. Best effort; at most a few. */
void journal_retry(int run_fd, int log_dirfd);

/* The last report of `id` (NULL: of any). Reports that are final but could not be appended yet are
 * found too (in their ledgers). Lines that are no valid report are passed over. -ENOENT: none. */
int journal_last(const struct host *host, const char *id, struct json_doc **ret_report,
		 struct error *err);
/* Calls `each` with every report of `id` (NULL: of all), oldest first; stops when it returns non-zero. */
int journal_each(const struct host *host, const char *id,
		 int (*each)(struct json *report, const char *line, void *data), void *data, struct error *err);

#endif
