/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Filters read back from a process, which goes on as before. Needs root. */
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/seccomp/loaded.h"

TestSuite(loaded, .timeout = 60);

static struct sock_filter first[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
static struct sock_filter second[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_LOG)};

/* A byte comes out of it for each signal it gets, and one when it has its filters. */
static int out[2];
static void tell(int signal)
{
	(void)signal;
	(void)!write(out[1], "x", 1);
}
static bool told(void)
{
	struct pollfd ready = {.fd = out[0], .events = POLLIN};
	char byte;

	return poll(&ready, 1, 10000) == 1 && read(out[0], &byte, 1) == 1;
}

static void be_filtered(void)
{
	struct sock_fprog programs[] = {{ARRAY_SIZE(first), first}, {ARRAY_SIZE(second), second}};

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)signal(SIGUSR1, tell);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		_exit(1);
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &programs[i]) < 0)
			_exit(1);
	tell(0);
	for (;;)
		(void)pause();
}

static pid_t filtered(int *ret_pidfd)
{
	pid_t pid;

	cr_assert_eq(pipe(out), 0);
	pid = fork();
	if (pid == 0)
		be_filtered();
	cr_assert(pid > 0 && told());
	*ret_pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	cr_assert_geq(*ret_pidfd, 0);
	return pid;
}

static void end(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

Test(loaded, what_a_process_loaded_is_read_back_and_it_goes_on)
{
	_cleanup_close_ int pidfd = -1;
	pid_t pid = filtered(&pidfd);

	for (int i = 0; i < 20; i++) {
		_cleanup_loaded_ struct loaded_filters filters = {.count = 0};
		struct error err = {0};

		cr_expect_eq(kill(pid, SIGUSR1), 0);
		cr_assert_eq(seccomp_loaded(pid, pidfd, 5000, &filters, &err), 0, "%s", err.text);
		cr_expect(told(), "a signal is lost");
		cr_assert_eq(filters.count, 2);
		for (unsigned n = 0; n < 2; n++)
			cr_expect((filters.programs[n].length == ARRAY_SIZE(first) &&
				   memcmp(filters.programs[n].code, first, sizeof first) == 0) ||
				  (filters.programs[n].length == ARRAY_SIZE(second) && memcmp(filters.programs[n].code, second, sizeof second) == 0));
		cr_expect_neq(filters.programs[0].length, filters.programs[1].length);
	}
	end(pid);
}

/* The number is another's by now. */
Test(loaded, a_process_that_is_not_the_one_meant_is_let_go)
{
	_cleanup_close_ int pidfd = -1, others = -1;
	pid_t pid = filtered(&pidfd), other = fork();
	struct loaded_filters filters = {.count = 0};
	struct error err = {0};

	if (other == 0)
		_exit(0);
	others = (int)syscall(SYS_pidfd_open, other, 0);
	cr_assert_eq(waitpid(other, NULL, 0), other);
	cr_expect_eq(seccomp_loaded(pid, others, 5000, &filters, &err), -ESRCH, "%s", err.text);
	cr_expect_eq(seccomp_loaded(other, others, 5000, &filters, &err), -ESRCH, "%s", err.text);
	cr_expect_eq(kill(pid, SIGUSR1), 0);
	cr_expect(told(), "it is held");
	end(pid);
}

/* In a stop of its own making it stays, and can be read. */
Test(loaded, a_stopped_process_stays_stopped)
{
	_cleanup_loaded_ struct loaded_filters filters = {.count = 0};
	_cleanup_close_ int pidfd = -1;
	pid_t pid = filtered(&pidfd);
	struct error err = {0};
	int status;

	cr_expect_eq(kill(pid, SIGSTOP), 0);
	cr_assert_eq(waitpid(pid, &status, WUNTRACED), pid);
	cr_assert_eq(seccomp_loaded(pid, pidfd, 5000, &filters, &err), 0, "%s", err.text);
	cr_expect_eq(filters.count, 2);
	cr_expect_eq(kill(pid, SIGUSR1), 0);
	cr_expect_eq(poll(&(struct pollfd){.fd = out[0], .events = POLLIN}, 1, 300), 0, "it goes on");
	cr_expect_eq(kill(pid, SIGCONT), 0);
	cr_expect(told());
	end(pid);
}
