/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Control groups of the real kernel, whichever kind this machine has. Needs root. */
#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "lib/base/cleanup.h"
#include "lib/cgroup/cgroup.h"

static struct host host;
static struct cgroup_layout layout;
static struct cgroup group;
static char path[64];

enum { CONTROLLERS = 1u << CONTROLLER_CPU | 1u << CONTROLLER_CPUACCT | 1u << CONTROLLER_MEMORY | 1u << CONTROLLER_PIDS |
		     1u << CONTROLLER_FREEZER };

static void setup(void)
{
	struct error err = {0};

	if (geteuid() != 0)
		cr_skip_test("needs root");
	cr_assert_eq(host_init(&host, NULL, NULL), 0);
	cr_assert_eq(cgroup_layout_read(&host, &layout, &err), 0, "%s", err.text);
	(void)snprintf(path, sizeof path, "/stint-unit-%d", (int)getpid());
	cr_assert_eq(cgroup_make(&host, &layout, path, CONTROLLERS, true, &group, &err), 0, "%s", err.text);
}

static void teardown(void)
{
	struct error err = {0};
	int r = 0;

	(void)cgroup_kill(&group);
	for (int i = 0; i < 200; i++) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		r = cgroup_remove(&host, &layout, path, "/", &err);
		if (r == 0)
			break;
		(void)usleep(10000);
	}
	cr_expect_eq(r, 0, "%s", err.text);
	cgroup_close(&group);
}

TestSuite(cgroup_kernel, .init = setup, .fini = teardown, .timeout = 60);

static uint64_t now_ns(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* A child that has joined the group before it runs `work`. */
static pid_t child_in(const char *where, void (*work)(void))
{
	int ready[2];
	char byte;
	pid_t pid;

	cr_assert_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		if (cgroup_enter(&host, &layout, where, CONTROLLERS, NULL) < 0)
			_exit(99);
		(void)!write(ready[1], "x", 1);
		work();
		_exit(0);
	}
	cr_assert_eq(read(ready[0], &byte, 1), 1);
	(void)close(ready[0]);
	(void)close(ready[1]);
	return pid;
}

static void rest(void)
{
	for (;;)
		(void)pause();
}

/* A child's own reading of its own clock is exact; it is shared as fast as it can be read. */
static _Atomic uint64_t *own_cpu;

static void burn_and_tell(void)
{
	for (;;)
		*own_cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID);
}

Test(cgroup_kernel, cpu_time_is_exact_to_the_moment)
{
	uint64_t before_it_joined, cpu, worst = 0, lagging = 0;
	pid_t pid;

	own_cpu = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq((void *)own_cpu, MAP_FAILED);
	pid = child_in(path, burn_and_tell);
	(void)usleep(50000);
	cr_assert_eq(cgroup_cpu_ns(&group, true, &cpu), 0);
	before_it_joined = *own_cpu > cpu ? *own_cpu - cpu : 0;
	for (int i = 0; i < 200; i++) {
		uint64_t own;

		(void)usleep(1300);
		own = *own_cpu;
		cr_assert_eq(cgroup_cpu_ns(&group, true, &cpu), 0);
		if (own > cpu && own - cpu > worst)
			worst = own - cpu;
		own = *own_cpu;
		cr_assert_eq(cgroup_cpu_ns(&group, false, &cpu), 0);
		if (own > cpu && own - cpu > lagging)
			lagging = own - cpu;
	}
	cr_log_info("exact: %lu ns behind at worst; as the kernel has it: %lu", worst, lagging);
	cr_expect_lt(worst, before_it_joined + 500000, "%lu ns behind, of which %lu are from before it joined", worst,
		     before_it_joined);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

static void wait_until_empty(uint64_t most_ns)
{
	uint64_t start = now_ns(CLOCK_MONOTONIC);

	while (cgroup_populated(&group) == 1) {
		cr_assert_lt(now_ns(CLOCK_MONOTONIC) - start, most_ns, "not dead");
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		(void)usleep(1000);
	}
}

static void tree(void)
{
	for (int i = 0; i < 30; i++)
		if (fork() == 0) {
			if (i % 2)
				(void)setsid();
			(void)signal(SIGTERM, SIG_IGN);
			rest();
		}
	rest();
}

Test(cgroup_kernel, everything_dies_frozen_or_not)
{
	for (int frozen = 0; frozen < 2; frozen++) {
		struct cgroup below;
		char name[80];

		cr_assert_eq(cgroup_make_child(&host, &group, "below", &below, NULL), 0);
		(void)snprintf(name, sizeof name, "%s/below", path);
		(void)child_in(name, tree);
		for (int i = 0; i < 500 && cgroup_pids(&group, NULL, 0) < 31; i++)
			(void)usleep(10000);
		cr_expect_eq(cgroup_pids(&group, NULL, 0), 31);
		if (frozen) {
			cr_assert_eq(cgroup_freeze(&below, true), 0);
			for (int i = 0; i < 100 && cgroup_frozen(&below) != 1; i++)
				(void)usleep(10000);
			cr_expect_eq(cgroup_frozen(&below), 1);
		}
		cr_expect_eq(cgroup_kill(&group), 0);
		wait_until_empty(UINT64_C(5000000000));
		cgroup_close(&below);
	}
}

Test(cgroup_kernel, another_of_the_same_name_is_not_touched)
{
	struct cgroup old, new;
	pid_t pid;
	uint64_t n;

	cr_assert_eq(cgroup_make_child(&host, &group, "twin", &old, NULL), 0);
	char name[80];

	(void)snprintf(name, sizeof name, "%s/twin", path);
	cr_assert_eq(cgroup_remove(&host, &layout, name, path, NULL), 0);
	cr_assert_eq(cgroup_make_child(&host, &group, "twin", &new, NULL), 0);
	pid = child_in(name, rest);
	cr_expect_eq(cgroup_kill(&old), -ENODEV);
	cr_expect_eq(cgroup_populated(&old), -ENODEV);
	cr_expect_eq(cgroup_cpu_ns(&old, true, &n), -ENODEV);
	(void)usleep(50000);
	cr_expect_eq(waitpid(pid, NULL, WNOHANG), 0, "it was killed");
	cgroup_close(&old);
	cgroup_close(&new);
}

static void eat(void)
{
	for (;;) {
		char *some = malloc(1 << 20);

		if (some)
			memset(some, 1, 1 << 20);
	}
}

Test(cgroup_kernel, a_limit_is_enforced_told_of_and_counted)
{
	struct cgroup_limits limits = CGROUP_LIMITS_NONE, got;
	struct error err = {0};
	struct pollfd wait = {0};
	uint32_t events = 0;
	uint64_t kills = 0;
	int status = 0;
	pid_t pid;

	limits.memory_bytes = 16 << 20;
	limits.memory_swap_bytes = 16 << 20;
	limits.pids = 50;
	limits.cpu_quota_us = 150000;
	limits.cpu_period_us = 100000;
	cr_assert_eq(cgroup_limits_set(&group, &limits, &err), 0, "%s", err.text);
	cr_assert_eq(cgroup_limits_get(&group, &got, &err), 0);
	cr_expect_eq(got.memory_bytes, 16 << 20);
	cr_expect_eq(got.pids, 50);
	cr_expect_eq(got.cpu_quota_us, 150000);
	wait.fd = cgroup_memory_events_fd(&group, &events);
	wait.events = (short)events;
	cr_assert_geq(wait.fd, 0);
	{
		char text[256];

		(void)!pread(wait.fd, text, sizeof text, 0); /* a file of v2's tells of changes since it was read */
	}
	pid = child_in(path, eat);
	cr_expect_eq(poll(&wait, 1, 20000), 1, "no event");
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	cr_expect_eq(cgroup_oom_kills(&group, &kills), 0);
	cr_expect_geq(kills, 1);
	(void)close(wait.fd);
}

Test(cgroup_kernel, a_quota_below_a_childs_is_set_all_the_same)
{
	struct cgroup_limits limits = CGROUP_LIMITS_NONE;
	struct cgroup below;
	struct error err = {0};

	cr_assert_eq(cgroup_make_child(&host, &group, "below", &below, NULL), 0);
	limits.cpu_quota_us = 50000;
	limits.cpu_period_us = 100000;
	cr_assert_eq(cgroup_limits_set(&below, &limits, &err), 0, "%s", err.text);
	cr_expect_eq(cgroup_cpu_quota(&group, 10000, 100000), 0);
	cr_expect_eq(cgroup_cpu_quota(&group, 10000, 1000000), 0, "a hundredth");
	cr_expect_eq(cgroup_cpu_quota(&group, 0, 100000), 0);
	cgroup_close(&below);
}
