/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The journal: every report whole and once, whatever dies, fills up or gets in the way. */
#include <sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/unit/journal_fixture.h"

TestSuite(journal, .init = make_host, .fini = remove_host);

Test(journal, appends_once_however_often_it_is_called)
{
	struct ledger *ledger = ledger_of("a", "a", 1, NULL);
	_cleanup_free_ char *text = NULL;
	struct stat st;

	cr_assert(!journal_done(ledger));
	for (int i = 0; i < 3; i++)
		append(ledger);
	text = contents("reports.jsonl");
	cr_assert_str_eq(text, ledger->report);
	cr_assert_eq(fstatat(log_fd, "reports.jsonl", &st, 0), 0);
	cr_assert_eq(st.st_mode & 0137, 0, "nobody else can read or write it");
}

Test(journal, a_report_that_is_not_final_is_not_appended)
{
	struct ledger *ledger = ledger_of("a", "a", 1, NULL);
	struct error err = {0};

	atomic_store(&ledger->report_length, 0);
	cr_assert_lt(journal_append(ledger, log_fd, &err), 0);
	cr_assert(!journal_done(ledger));
	cr_assert_eq(faccessat(log_fd, "reports.jsonl", F_OK, 0), -1);
}

Test(journal, without_a_log_directory_it_waits)
{
	struct ledger *ledger = ledger_of("a", "a", 1, NULL);
	struct error err = {0};

	cr_assert_lt(journal_append(ledger, -1, &err), 0);
	cr_assert(!journal_done(ledger));
	append(ledger);
}

Test(journal, written_but_not_marked_is_not_written_again)
{
	struct ledger *first = ledger_of("a", "a", 1, NULL), *second = ledger_of("b", "b", 2, NULL);
	_cleanup_free_ char *text = NULL;

	append(first);
	append(second); /* so that it is not the last line */
	atomic_store(&first->sinks[SINK_JOURNAL].written, 0);
	append(first);
	text = contents("reports.jsonl");
	cr_assert_eq(count_line(text, first), 1);
	cr_assert_eq(count_lines(text), 2);
}

Test(journal, begun_but_not_written_is_written)
{
	struct ledger *first = ledger_of("a", "a", 1, NULL), *second = ledger_of("b", "b", 2, NULL);
	_cleanup_free_ char *text = NULL;
	struct stat st;

	append(first);
	cr_assert_eq(fstatat(log_fd, "reports.jsonl", &st, 0), 0);
	second->sinks[SINK_JOURNAL].inode = st.st_ino;
	second->sinks[SINK_JOURNAL].offset = (uint64_t)st.st_size;
	atomic_store(&second->sinks[SINK_JOURNAL].begun, 1);
	append(second);
	text = contents("reports.jsonl");
	cr_assert_eq(count_line(text, second), 1);
	cr_assert_eq(count_lines(text), 2);
}

/* Its writer is killed within the write; another appends; then the first is taken over. */
Test(journal, a_cut_line_is_removed_and_written_by_its_owner)
{
	for (unsigned cut = 1; cut < 5000; cut = cut * 3) {
		char key[16];
		struct ledger *first, *second;
		_cleanup_free_ char *text = NULL;
		struct stat st = {0};

		(void)snprintf(key, sizeof key, "a%u", cut);
		first = ledger_of(key, key, 15, NULL);
		key[0] = 'b';
		second = ledger_of(key, key, 2, NULL);
		cr_assert_lt(cut, first->report_length);
		put("reports.jsonl", "", 0);
		cr_assert_eq(fstatat(log_fd, "reports.jsonl", &st, 0), 0);
		first->sinks[SINK_JOURNAL].inode = st.st_ino;
		first->sinks[SINK_JOURNAL].offset = (uint64_t)st.st_size;
		atomic_store(&first->sinks[SINK_JOURNAL].begun, 1);
		put("reports.jsonl", first->report, cut);
		append(second);
		append(first);
		text = contents("reports.jsonl");
		cr_assert_eq(count_line(text, first), 1, "cut after %u", cut);
		cr_assert_eq(count_line(text, second), 1, "cut after %u", cut);
		ledger_unmap(first);
		ledger_unmap(second);
	}
}

Test(journal, what_is_not_ours_is_ended_and_kept)
{
	struct ledger *ledger = ledger_of("a", "a", 1, NULL);
	_cleanup_free_ char *text = NULL;

	put_line("notes of\nthe operator");
	append(ledger);
	text = contents("reports.jsonl");
	cr_assert_eq(strncmp(text, "notes of\nthe operator\n{", 23), 0, "%s", text);
	cr_assert_eq(count_line(text, ledger), 1);
}

Test(journal, a_huge_line_without_end_is_kept)
{
	struct ledger *ledger = ledger_of("a", "a", 1, NULL);
	_cleanup_free_ char *text = NULL, *huge = malloc(3 * LEDGER_REPORT_MAX);

	memset(huge, 'x', 3 * LEDGER_REPORT_MAX);
	memcpy(huge, "{\"version\":", 11);
	put("reports.jsonl", huge, 3 * LEDGER_REPORT_MAX);
	append(ledger);
	text = contents("reports.jsonl");
	cr_assert_eq(strlen(text), 3 * LEDGER_REPORT_MAX + 1 + ledger->report_length);
	cr_assert_eq(count_line(text, ledger), 1);
}

Test(journal, rotated_between_write_and_mark)
{
	struct ledger *ledger = ledger_of("a", "a", 1, NULL), *other = ledger_of("b", "b", 2, NULL);
	_cleanup_free_ char *text = NULL, *bulk = malloc(200000);

	append(ledger);
	atomic_store(&ledger->sinks[SINK_JOURNAL].written, 0);
	cr_assert_eq(renameat(log_fd, "reports.jsonl", log_fd, "old"), 0);
	/* Copied back by a careful rotation: the line is in the new file, somewhere. */
	memset(bulk, 'x', 200000);
	bulk[99999] = bulk[199999] = '\n';
	put("reports.jsonl", bulk, 200000);
	put("reports.jsonl", ledger->report, ledger->report_length);
	append(other);
	append(ledger);
	text = contents("reports.jsonl");
	cr_assert_eq(count_line(text, ledger), 1);
}

Test(journal, follows_a_rotation)
{
	struct ledger *first = ledger_of("a", "a", 1, NULL), *second = ledger_of("b", "b", 2, NULL);
	_cleanup_free_ char *old = NULL, *new = NULL;

	append(first);
	cr_assert_eq(renameat(log_fd, "reports.jsonl", log_fd, "old"), 0);
	append(second);
	old = contents("old");
	new = contents("reports.jsonl");
	cr_assert_str_eq(old, first->report);
	cr_assert_str_eq(new, second->report);
}

Test(journal, follows_a_rotation_that_happens_while_it_waits_for_the_lock, .timeout = 30)
{
	struct ledger *ledger = ledger_of("a", "a", 1, NULL);
	_cleanup_close_ int holder = openat(log_fd, "reports.jsonl", O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	struct timespec moment = {.tv_nsec = 50 * 1000 * 1000};
	_cleanup_free_ char *text = NULL;
	int status = -1;
	pid_t child;

	cr_assert_eq(flock(holder, LOCK_EX), 0);
	child = fork();
	if (child == 0) {
		(void)close(holder); /* it shares the lock */
		_exit(journal_append(ledger, log_fd, NULL) < 0);
	}
	cr_assert_gt(child, 0);
	(void)nanosleep(&moment, NULL);
	cr_assert_eq(renameat(log_fd, "reports.jsonl", log_fd, "old"), 0);
	put_line(""); /* as logrotate's "create" makes it */
	holder = close_fd(holder);
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert_eq(status, 0);
	text = contents("reports.jsonl");
	cr_assert_str_eq(text, ledger->report);
}

Test(journal, a_symlink_or_fifo_in_its_place_is_refused)
{
	struct ledger *ledger = ledger_of("a", "a", 1, NULL);
	struct error err = {0};

	put("target", "", 0);
	cr_assert_eq(symlinkat("target", log_fd, "reports.jsonl"), 0);
	cr_assert_eq(journal_append(ledger, log_fd, &err), -ELOOP);
	cr_assert_eq(unlinkat(log_fd, "reports.jsonl", 0), 0);
	cr_assert_eq(mkfifoat(log_fd, "reports.jsonl", 0600), 0);
	cr_assert_lt(journal_append(ledger, log_fd, &err), 0);
	cr_assert(!journal_done(ledger));
	cr_assert_eq(unlinkat(log_fd, "reports.jsonl", 0), 0);
	append(ledger);
}

Test(journal, report_file_gets_it_too_and_one_failure_does_not_stop_the_other)
{
	struct ledger *first = ledger_of("a", "a", 1, NULL), *second = ledger_of("b", "b", 2, NULL);
	_cleanup_free_ char *text = NULL, *file = NULL;
	struct error err = {0};

	(void)snprintf(first->plan.report_file, sizeof first->plan.report_file, "%.512s/mine", host.log_dir);
	(void)snprintf(second->plan.report_file, sizeof second->plan.report_file, "%.512s/none/mine", host.log_dir);
	append(first);
	cr_assert_eq(journal_append(second, log_fd, &err), -ENOENT);
	cr_assert_not_null(strstr(err.text, "none/mine"), "%s", err.text);
	cr_assert(!journal_done(second));
	text = contents("reports.jsonl");
	file = contents("mine");
	cr_assert_eq(count_line(text, second), 1);
	cr_assert_str_eq(file, first->report);
	cr_assert_eq(mkdirat(log_fd, "none", 0700), 0);
	append(second);
}

Test(journal, report_file_may_be_a_pipe)
{
	struct ledger *ledger = ledger_of("a", "a", 15, NULL);
	_cleanup_close_ int reader = -1;
	char line[LEDGER_REPORT_MAX + 1];
	ssize_t n;
	struct error err = {0};

	(void)snprintf(ledger->plan.report_file, sizeof ledger->plan.report_file, "%.512s/pipe", host.log_dir);
	cr_assert_eq(mkfifoat(log_fd, "pipe", 0600), 0);
	cr_assert_eq(journal_append(ledger, log_fd, &err), -ENXIO, "nobody reads: it is not lost in there");
	cr_assert(!journal_done(ledger));
	reader = openat(log_fd, "pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	append(ledger);
	append(ledger);
	n = read(reader, line, sizeof line - 1);
	cr_assert_eq(n, (ssize_t)ledger->report_length);
	cr_assert_eq(memcmp(line, ledger->report, (size_t)n), 0);
	cr_assert_eq(read(reader, line, sizeof line), 0, "once");
}

Test(journal, a_lock_that_is_held_is_not_waited_for_long, .timeout = 30)
{
	struct ledger *ledger = ledger_of("a", "a", 1, NULL);
	_cleanup_close_ int holder = openat(log_fd, "reports.jsonl", O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	struct timespec before, after;
	struct error err = {0};

	cr_assert_eq(flock(holder, LOCK_EX), 0);
	(void)clock_gettime(CLOCK_MONOTONIC, &before);
	cr_assert_eq(journal_append(ledger, log_fd, &err), -EWOULDBLOCK);
	(void)clock_gettime(CLOCK_MONOTONIC, &after);
	cr_assert_geq(after.tv_sec - before.tv_sec, 4);
	cr_assert(!journal_done(ledger));
	holder = close_fd(holder);
	append(ledger);
}

/* Writers are killed at any moment of their work on four reports; another process completes it. */
Test(journal, killed_writers, .timeout = 120)
{
	enum { ROUNDS = 200, EACH = 4 };
	static struct ledger *ledgers[ROUNDS * EACH];
	unsigned short seed[3] = {7, 7, 7};
	_cleanup_free_ char *text = NULL;
	long whole_ns = 0; /* that a writer takes who is left alone: the first one, who may have had to wait for a processor */
	int interrupted = 0;

	for (int round = 0; round < ROUNDS; round++) {
		struct ledger **ours = &ledgers[round * EACH];
		struct timespec wait = {.tv_nsec = round ? nrand48(seed) % whole_ns : 0}, from, to;
		pid_t child;
		int done = 0;

		for (int i = 0; i < EACH; i++) {
			char key[32];

			(void)snprintf(key, sizeof key, "w%d-%d", round, i);
			ours[i] = ledger_of(key, key, (unsigned)(round + i), NULL);
		}
		(void)clock_gettime(CLOCK_MONOTONIC, &from);
		child = fork();
		if (child == 0) {
			for (int i = 0; i < EACH; i++)
				(void)journal_append(ours[i], log_fd, NULL);
			_exit(0);
		}
		cr_assert_gt(child, 0);
		if (round) {
			(void)nanosleep(&wait, NULL);
			(void)kill(child, SIGKILL);
		}
		(void)waitpid(child, NULL, 0);
		(void)clock_gettime(CLOCK_MONOTONIC, &to);
		if (!round)
			whole_ns = (to.tv_sec - from.tv_sec) * 1000000000L + to.tv_nsec - from.tv_nsec;
		for (int i = 0; i < EACH; i++)
			done += journal_done(ours[i]);
		interrupted += done > 0 && done < EACH;
		if (round && done == EACH)
			whole_ns -= whole_ns / 16;
		else if (round && !done)
			whole_ns += whole_ns / 16 + 1;
		for (int i = 0; i < EACH; i++)
			append(ours[i]);
	}
	text = contents("reports.jsonl");
	cr_assert_eq(count_lines(text), ROUNDS * EACH);
	for (int i = 0; i < ROUNDS * EACH; i++)
		cr_assert_eq(count_line(text, ledgers[i]), 1, "report %d", i);
	cr_assert_gt(interrupted, 0, "no writer was killed within its work: the test shows nothing");
}

Test(journal, many_writers_at_once, .timeout = 120)
{
	enum { WRITERS = 12, EACH = 20 };
	static struct ledger *ledgers[WRITERS * EACH];
	_cleanup_free_ char *text = NULL;
	pid_t children[WRITERS];

	for (unsigned i = 0; i < WRITERS * EACH; i++) {
		char key[32];

		(void)snprintf(key, sizeof key, "w%u", i);
		ledgers[i] = ledger_of(key, key, i, NULL);
	}
	for (int w = 0; w < WRITERS; w++) {
		children[w] = fork();
		if (children[w] == 0) {
			for (int i = 0; i < EACH; i++)
				if (journal_append(ledgers[w * EACH + i], log_fd, NULL) < 0)
					_exit(1);
			_exit(0);
		}
	}
	for (int w = 0; w < WRITERS; w++) {
		int status = -1;

		cr_assert_eq(waitpid(children[w], &status, 0), children[w]);
		cr_assert_eq(status, 0);
	}
	text = contents("reports.jsonl");
	cr_assert_eq(count_lines(text), WRITERS * EACH);
	for (int i = 0; i < WRITERS * EACH; i++)
		cr_assert_eq(count_line(text, ledgers[i]), 1, "report %d", i);
}

Test(journal, a_full_disk_keeps_the_report_until_there_is_room, .timeout = 60)
{
	struct ledger *ledger = ledger_of("full", "full", 15, NULL), *first = ledger_of("b", "b", 1, NULL);
	_cleanup_free_ char *text = NULL, *before = NULL;
	static char filling[16 << 10];
	_cleanup_close_ int full = -1;
	struct error err = {0};
	ssize_t n = 0;

	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		cr_skip("needs root, to mount a small disk");
	cr_assert_eq(mount("none", host.log_dir, "tmpfs", 0, "size=16k,mode=0755"), 0);
	(void)close(log_fd);
	cr_assert_eq(journal_dir_open(&host, &log_fd, &err), 0, "%s", err.text);
	append(first);
	before = contents("reports.jsonl");
	full = openat(log_fd, "filling", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	/* All but the page that the journal has begun: its line is longer than what is left there. */
	while ((n = write(full, filling, 4096)) > 0)
		;
	cr_assert_gt(ledger->report_length, 4096);
	cr_assert_eq(journal_append(ledger, log_fd, &err), -ENOSPC);
	cr_assert_neq(err.text[0], '\0');
	cr_assert(!journal_done(ledger));
	text = contents("reports.jsonl");
	cr_assert_str_eq(text, before, "what was written of it is taken back");
	journal_retry(run_fd, log_fd);
	cr_assert_eq(faccessat(run_fd, "full", F_OK, 0), 0, "its directory stays");
	cr_assert_eq(unlinkat(log_fd, "filling", 0), 0);
	full = close_fd(full);
	journal_retry(run_fd, log_fd);
	journal_retry(run_fd, log_fd);
	free(text);
	text = contents("reports.jsonl");
	cr_assert_eq(count_line(text, ledger), 1);
	cr_assert_eq(count_lines(text), 2);
	cr_assert(journal_done(ledger));
	cr_assert_eq(faccessat(run_fd, "full", F_OK, 0), -1, "its directory is gone");
	(void)umount2(host.log_dir, MNT_DETACH);
}

Test(journal, retry_leaves_alone_what_is_watched_or_not_final)
{
	int fd = -1;
	struct ledger *watched = ledger_of("watched", "watched", 1, &fd), *running = ledger_of("running", "running", 2, NULL);
	struct ledger *dead = ledger_of("dead", "dead", 3, NULL);
	_cleanup_free_ char *text = NULL;

	cr_assert_eq(ledger_lock(fd), 0);
	atomic_store(&running->report_length, 0);
	cr_assert_eq(mkdirat(run_fd, "no-ledger", 0700), 0);
	journal_retry(run_fd, log_fd);
	cr_assert(!journal_done(watched));
	cr_assert(journal_done(dead));
	text = contents("reports.jsonl");
	cr_assert_str_eq(text, dead->report);
	cr_assert_eq(faccessat(run_fd, "watched", F_OK, 0), 0);
	cr_assert_eq(faccessat(run_fd, "running", F_OK, 0), 0);
	cr_assert_eq(faccessat(run_fd, "no-ledger", F_OK, 0), 0);
	cr_assert_eq(faccessat(run_fd, "dead", F_OK, 0), -1);
	close(fd);
}
