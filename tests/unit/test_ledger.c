/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ledger: made whole, opened only when it is one, and right whenever its writer is killed. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "lib/base/cleanup.h"
#include "lib/state/ledger.h"

static char directory[] = "/tmp/stint-test-ledger-XXXXXX";
static int dirfd_of_test = -1;

static void make_directory(void)
{
	cr_assert_not_null(mkdtemp(directory));
	dirfd_of_test = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert_geq(dirfd_of_test, 0);
}

static void remove_directory(void)
{
	(void)unlinkat(dirfd_of_test, "ledger", 0);
	(void)unlinkat(dirfd_of_test, "other", 0);
	(void)close(dirfd_of_test);
	(void)rmdir(directory);
}

TestSuite(ledger, .init = make_directory, .fini = remove_directory);

static struct ledger *made(int *ret_fd)
{
	struct ledger *ledger = NULL;
	struct error err = {0};

	cr_assert_eq(ledger_make(dirfd_of_test, &ledger, ret_fd, &err), 0, "%s", err.text);
	return ledger;
}

Test(ledger, is_allocated_whole_and_empty)
{
	int fd = -1;
	struct ledger *ledger = made(&fd);
	struct stat st;

	cr_assert_eq(fstat(fd, &st), 0);
	cr_assert_eq(st.st_size, (off_t)sizeof(struct ledger));
	cr_assert_geq(st.st_blocks * 512, (blkcnt_t)sizeof(struct ledger), "no hole that could meet a full disk");
	cr_assert_eq(st.st_mode & 07777, 0600);
	cr_assert_eq(ledger_current(ledger)->budget, -1);
	cr_assert_eq(ledger->report_length, 0);
	ledger_unmap(ledger);
	close(fd);
}

Test(ledger, is_not_made_twice)
{
	int fd = -1, second = -7;
	struct ledger *ledger = made(&fd), *other = NULL;
	struct error err = {0};

	cr_assert_eq(ledger_make(dirfd_of_test, &other, &second, &err), -EEXIST);
	cr_assert_null(other);
	cr_assert_eq(second, -7);
	cr_assert_neq(err.text[0], '\0');
	ledger_unmap(ledger);
	close(fd);
}

Test(ledger, what_one_commits_another_reads)
{
	int fd = -1;
	struct ledger *ledger = made(&fd), *reader = NULL;
	struct ledger_state state = {.budget = -1};
	struct error err = {0};

	cr_assert_eq(ledger_open(dirfd_of_test, false, &reader, NULL, &err), 0, "%s", err.text);
	for (uint32_t i = 1; i < 10; i++) {
		state.wakeups = i;
		ledger_commit(ledger, &state);
		cr_assert_eq(ledger_current(reader)->wakeups, i);
	}
	ledger_unmap(reader);
	ledger_unmap(ledger);
	close(fd);
}

Test(ledger, lock_goes_with_the_last_that_shares_it)
{
	int first = -1, second = -1;
	struct ledger *ledger = made(&first), *other = NULL;
	struct error err = {0};
	pid_t child;

	cr_assert_eq(ledger_open(dirfd_of_test, false, &other, &second, &err), 0, "%s", err.text);
	cr_assert_eq(ledger_lock(first), 0);
	cr_assert_eq(ledger_lock(second), -EWOULDBLOCK);
	child = fork(); /* the standby */
	if (child == 0) {
		(void)pause();
		_exit(0);
	}
	cr_assert_gt(child, 0);
	(void)close(first);
	cr_assert_eq(ledger_lock(second), -EWOULDBLOCK, "a mapping holds it as a descriptor does");
	ledger_unmap(ledger);
	cr_assert_eq(ledger_lock(second), -EWOULDBLOCK, "the child has it still");
	(void)kill(child, SIGKILL);
	(void)waitpid(child, NULL, 0);
	cr_assert_eq(ledger_lock(second), 0);
	ledger_unmap(other);
	close(second);
}

static void refused(const char *what)
{
	struct ledger *ledger = NULL;
	int fd = -7;
	struct error err = {0};

	cr_assert_lt(ledger_open(dirfd_of_test, false, &ledger, &fd, &err), 0, "%s", what);
	cr_assert_null(ledger, "%s", what);
	cr_assert_eq(fd, -7, "%s", what);
	cr_assert_neq(err.text[0], '\0', "%s", what);
}

static void overwrite(off_t offset, const void *data, size_t length)
{
	int fd = openat(dirfd_of_test, "ledger", O_WRONLY | O_CLOEXEC);

	cr_assert_eq(pwrite(fd, data, length, offset), (ssize_t)length);
	close(fd);
}

Test(ledger, what_is_no_ledger_is_refused)
{
	uint32_t wrong = LEDGER_VERSION + 1, right = LEDGER_VERSION;
	int fd = -1;

	refused("absent");
	ledger_unmap(made(&fd));
	overwrite(0, "stintXX", 8);
	refused("another magic");
	overwrite(0, "stintLG", 8);
	overwrite(offsetof(struct ledger, version), &wrong, sizeof wrong);
	refused("another version");
	overwrite(offsetof(struct ledger, version), &right, sizeof right);
	overwrite(offsetof(struct ledger, size), &wrong, sizeof wrong);
	refused("another size inside");
	right = sizeof(struct ledger);
	overwrite(offsetof(struct ledger, size), &right, sizeof right);
	cr_assert_eq(ftruncate(fd, (off_t)sizeof(struct ledger) - 1), 0);
	refused("too short");
	cr_assert_eq(ftruncate(fd, 0), 0);
	refused("empty");
	cr_assert_eq(ftruncate(fd, 2 * (off_t)sizeof(struct ledger)), 0);
	refused("too long");
	close(fd);
}

Test(ledger, other_kinds_of_files_are_refused)
{
	int fd = -1;

	ledger_unmap(made(&fd));
	close(fd);
	cr_assert_eq(renameat(dirfd_of_test, "ledger", dirfd_of_test, "other"), 0);
	cr_assert_eq(symlinkat("other", dirfd_of_test, "ledger"), 0);
	refused("a symlink to a ledger");
	cr_assert_eq(unlinkat(dirfd_of_test, "ledger", 0), 0);
	cr_assert_eq(mkdirat(dirfd_of_test, "ledger", 0700), 0);
	refused("a directory");
	cr_assert_eq(unlinkat(dirfd_of_test, "ledger", AT_REMOVEDIR), 0);
}

Test(ledger, of_another_user_is_refused)
{
	int fd = -1;

	if (geteuid() != 0)
		cr_skip("needs root, to give a file away");
	ledger_unmap(made(&fd));
	cr_assert_eq(fchown(fd, 65534, 65534), 0);
	refused("somebody else's");
	close(fd);
}

Test(ledger, any_value_of_current_is_one_of_the_two)
{
	int fd = -1;
	struct ledger *ledger = made(&fd);

	atomic_store(&ledger->current, UINT32_MAX);
	cr_assert_eq(ledger_current(ledger), &ledger->states[1]);
	ledger_unmap(ledger);
	close(fd);
}

Test(ledger, warnings_are_said_once_and_are_capped)
{
	struct ledger_state state = {0};

	ledger_warn(&state, "same %d", 1);
	ledger_warn(&state, "same %d", 1);
	cr_assert_str_eq(state.warnings[0], "same 1");
	cr_assert_str_eq(state.warnings[1], "");
	for (int i = 0; i < 100; i++)
		ledger_warn(&state, "warning %d", i);
	cr_assert_str_eq(state.warnings[LEDGER_WARNINGS_MAX - 2], "warning 13");
	cr_assert_str_eq(state.warnings[LEDGER_WARNINGS_MAX - 1], "and more");
	ledger_warn(&state, "%0500d", 1);
	cr_assert_str_eq(state.warnings[LEDGER_WARNINGS_MAX - 1], "and more");
	state = (struct ledger_state){0};
	ledger_warn(&state, "%0500d", 1);
	cr_assert_eq(strlen(state.warnings[0]), (size_t)LEDGER_TEXT_MAX - 1);
}

/* Every part of a state says which state it is of. */
static void fill(struct ledger_state *state, uint64_t n)
{
	memset(state, 0, sizeof *state);
	state->started_boot_ns = n;
	state->schedule.next_ns[0] = n;
	state->usage.cpu_ns = n;
	state->verdict_used = n;
	state->dead_ns = n;
	for (int i = 0; i < LEDGER_WARNINGS_MAX; i++)
		memcpy(state->warnings[i], &n, sizeof n);
}

static bool consistent(const struct ledger_state *state)
{
	struct ledger_state expected;

	fill(&expected, state->started_boot_ns);
	return memcmp(state, &expected, sizeof expected) == 0;
}

static void commit_for_ever(int ready)
{
	struct ledger *ledger = NULL;
	struct ledger_state state;

	if (ledger_open(dirfd_of_test, true, &ledger, NULL, NULL) < 0 || write(ready, "x", 1) != 1)
		_exit(1);
	for (uint64_t n = ledger_current(ledger)->started_boot_ns + 1;; n++) {
		fill(&state, n);
		ledger_commit(ledger, &state);
	}
}

Test(ledger, a_writer_killed_at_any_moment_leaves_a_whole_state)
{
	int fd = -1, pipes[2];
	struct ledger *ledger = made(&fd);
	unsigned short seed[3] = {1, 2, 3};
	uint64_t last = 0;
	struct ledger_state first;
	char byte;

	fill(&first, 1);
	ledger_commit(ledger, &first);
	cr_assert_eq(pipe(pipes), 0);
	for (int round = 0; round < 200; round++) {
		struct timespec wait = {.tv_nsec = nrand48(seed) % 500000};
		pid_t child = fork();

		if (child == 0)
			commit_for_ever(pipes[1]);
		cr_assert_gt(child, 0);
		cr_assert_eq(read(pipes[0], &byte, 1), 1);
		(void)nanosleep(&wait, NULL);
		(void)kill(child, SIGKILL);
		(void)waitpid(child, NULL, 0);
		cr_assert(consistent(ledger_current(ledger)), "round %d", round);
		cr_assert_geq(ledger_current(ledger)->started_boot_ns, last, "round %d went back", round);
		last = ledger_current(ledger)->started_boot_ns;
	}
	cr_assert_gt(last, 200, "the writers did write");
	ledger_unmap(ledger);
	close(fd);
}
