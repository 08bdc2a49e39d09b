/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A miniature host with a journal, and ledgers with final reports, for the tests of the journal. */
#ifndef STINT_TESTS_JOURNAL_FIXTURE_H
#define STINT_TESTS_JOURNAL_FIXTURE_H

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/cleanup.h"
#include "lib/base/file.h"
#include "lib/report/journal.h"
#include "lib/report/report.h"

enum { JOURNAL_READ_MAX = 64 << 20 };

static char directory[] = "/tmp/stint-test-journal-XXXXXX";
static struct host host;
static int log_fd = -1, run_fd = -1;

static void make_host(void)
{
	struct error err = {0};

	cr_assert_not_null(mkdtemp(directory));
	cr_assert_eq(host_init(&host, directory, &err), 0, "%s", err.text);
	cr_assert_eq(journal_dir_open(&host, &log_fd, &err), 0, "%s", err.text);
	cr_assert_eq(state_open(&host, &run_fd, &err), 0, "%s", err.text);
}

static void remove_host(void)
{
	char command[sizeof directory + 16];

	(void)snprintf(command, sizeof command, "rm -rf %s", directory);
	cr_expect_eq(system(command), 0);
}

/* The ledger of a container `key` below /run/stint, with a final report of `id`. */
static inline struct ledger *ledger_of(const char *key, const char *id, unsigned n, int *ret_fd)
{
	_cleanup_close_ int dirfd = -1, fd = -1;
	struct ledger *ledger = NULL;
	struct ledger_state state = {.budget = -1};
	struct error err = {0};
	int length;

	cr_assert_eq(mkdirat(run_fd, key, 0700), 0);
	dirfd = openat(run_fd, key, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert_eq(ledger_make(dirfd, &ledger, &fd, &err), 0, "%s", err.text);
	(void)snprintf(ledger->plan.id, sizeof ledger->plan.id, "%s", id);
	(void)snprintf(ledger->plan.profile, sizeof ledger->plan.profile, "profile-%u", n);
	state.wakeups = n;
	state.ended_real_ns = UINT64_C(1795000000000000000) + n;
	for (unsigned i = 0; i < n % LEDGER_WARNINGS_MAX; i++) /* of different lengths, some beyond a page */
		memset(state.warnings[i], 'a' + (int)(n % 26), LEDGER_TEXT_MAX - 1);
	ledger_commit(ledger, &state);
	length = report_line(&ledger->plan, &state, &ledger->violations, NULL, ledger->report, &err);
	cr_assert_gt(length, 0, "%s", err.text);
	atomic_store(&ledger->report_length, (uint32_t)length);
	if (ret_fd)
		*ret_fd = steal_fd(&fd);
	return ledger;
}

static void append(struct ledger *ledger)
{
	struct error err = {0};

	cr_assert_eq(journal_append(ledger, log_fd, &err), 0, "%s", err.text);
	cr_assert(journal_done(ledger));
}

static inline char *contents(const char *name)
{
	char *text = NULL;
	size_t length;
	struct error err = {0};

	cr_assert_eq(file_read(log_fd, name, JOURNAL_READ_MAX, &text, &length, &err), 0, "%s", err.text);
	cr_assert_eq(strlen(text), length);
	return text;
}

/* How often the line of `ledger` is among the lines of `text`. */
static inline int count_line(const char *text, const struct ledger *ledger)
{
	size_t length = ledger->report_length;
	int count = 0;

	for (const char *at = text; *at; at = strchr(at, '\n') + 1) {
		cr_assert_not_null(strchr(at, '\n'), "the last line has no end: %s", at);
		count += strncmp(at, ledger->report, length) == 0;
	}
	return count;
}

static inline int count_lines(const char *text)
{
	int count = 0;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

static void put(const char *name, const char *text, size_t length)
{
	_cleanup_close_ int fd = openat(log_fd, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);

	cr_assert_geq(fd, 0);
	cr_assert_eq(write_all(fd, text, length), 0);
}

static void put_line(const char *text)
{
	put("reports.jsonl", text, strlen(text));
}

#endif
