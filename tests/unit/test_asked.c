/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The recorder that a filter asks: held by its pid while it lives, and never in another's shape. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "lib/base/cleanup.h"
#include "lib/launch/launch.h"

static char directory[] = "/tmp/stint-test-asked-XXXXXX";
static int dirfd_of_test = -1;

static void make_directory(void)
{
	cr_assert_not_null(mkdtemp(directory));
	dirfd_of_test = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert_geq(dirfd_of_test, 0);
}

static void remove_directory(void)
{
	(void)unlinkat(dirfd_of_test, RECORDING_FILTER, 0);
	(void)close(dirfd_of_test);
	(void)rmdir(directory);
}

TestSuite(asked, .init = make_directory, .fini = remove_directory);

static void make_filter(void)
{
	_cleanup_close_ int fd = openat(dirfd_of_test, RECORDING_FILTER, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	cr_assert_geq(fd, 0);
}

/* A process that has the lock. */
static pid_t recorder(void)
{
	int ready[2], lock;
	char byte;
	pid_t pid;

	cr_assert_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		if (recorder_lock(dirfd_of_test, &lock, NULL) == 0)
			(void)!write(ready[1], "", 1);
		(void)pause();
		_exit(1);
	}
	cr_assert_eq(read(ready[0], &byte, 1), 1);
	(void)close(ready[0]);
	(void)close(ready[1]);
	return pid;
}

Test(asked, is_nobody_where_no_filter_asks)
{
	cr_assert_not(recorder_has_ended(dirfd_of_test));
}

Test(asked, is_held_while_it_lives)
{
	_cleanup_close_ int held = -1;
	struct pollfd ended = {.events = POLLIN};
	pid_t pid;

	make_filter();
	pid = recorder();
	cr_assert_not(recorder_has_ended(dirfd_of_test));
	held = recorder_hold(dirfd_of_test, pid);
	cr_assert_geq(held, 0);
	ended.fd = held;
	cr_assert_eq(poll(&ended, 1, 0), 0);
	cr_assert_eq(kill(pid, SIGKILL), 0);
	cr_assert_eq(poll(&ended, 1, 5000), 1);
	cr_assert(recorder_has_ended(dirfd_of_test));
	(void)waitpid(pid, NULL, 0);
}

/* Its number is that of a process which lives, and is not it. */
Test(asked, is_not_who_got_its_number_after_it)
{
	pid_t pid;

	make_filter();
	cr_assert_eq(recorder_hold(dirfd_of_test, getpid()), -ESRCH);
	pid = recorder();
	cr_assert_eq(kill(pid, SIGKILL), 0);
	(void)waitpid(pid, NULL, 0);
	cr_assert_eq(recorder_hold(dirfd_of_test, getpid()), -ESRCH);
}
