/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Control groups of the real kernel, whichever kind this machine has. Needs root. */
#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
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
static pid_t child_of(const struct cgroup_layout *l, const char *where, void (*work)(void))
{
	int ready[2];
	char byte = 0;
	pid_t pid;

	cr_assert_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		if (cgroup_enter(&host, l, where, CONTROLLERS, NULL) < 0)
			_exit(99);
		(void)!write(ready[1], "x", 1);
		work();
		_exit(0);
	}
	(void)close(ready[1]);
	cr_assert_eq(read(ready[0], &byte, 1), 1, "the child could not enter %s", where);
	(void)close(ready[0]);
	return pid;
}

static pid_t child_in(const char *where, void (*work)(void))
{
	return child_of(&layout, where, work);
}

static void rest(void)
{
	for (;;)
		(void)pause();
}

/* How long the child has run, as it sees it itself: the time between two looks at a clock that is no CPU clock,
 * without the gaps in which it was not running. Its own CPU clock will not do: to read that is to be charged, so
 * that the counter would never be behind. */
static _Atomic uint64_t *own_run;

static void burn_and_tell(void)
{
	uint64_t last = now_ns(CLOCK_MONOTONIC), run = 0;

	for (;;) {
		uint64_t now = now_ns(CLOCK_MONOTONIC);

		if (now - last < 20000)
			run += now - last;
		last = now;
		*own_run = run;
	}
}

Test(cgroup_kernel, cpu_time_is_exact_to_the_moment)
{
	uint64_t cpu, last_cpu = 0, run_after = 0;
	int looks = 0, behind = 0;
	pid_t pid;

	own_run = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq((void *)own_run, MAP_FAILED);
	pid = child_in(path, burn_and_tell);
	for (int i = 0; i < 1000 && looks < 200; i++) {
		uint64_t run_before;

		(void)usleep(1300);
		run_before = *own_run;
		cr_assert_eq(cgroup_cpu_ns(&group, true, &cpu), 0);
		/* From after the look before to before this one, however long a look took: that much is charged. */
		if (i && run_before > run_after + 500000) {
			looks++;
			behind += cpu - last_cpu < (run_before - run_after) / 2;
		}
		last_cpu = cpu;
		run_after = *own_run;
	}
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	cr_log_info("%d of %d looks behind", behind, looks);
	cr_expect_gt(looks, 50, "the child hardly ran");
	/* The counter alone is behind at two of three: it moves once a tick. */
	cr_expect_lt(behind * 10, looks, "%d of %d looks saw less than half of what was run since the one before", behind, looks);
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

/* As on a machine with v1 alone, where there is neither cgroup.kill nor cgroup.events: everything goes by freezer,
 * lists of processes and signals. (A pure v2 machine has only the one way.) */
static struct cgroup_layout without_unified(void)
{
	struct cgroup_layout l = layout;

	if (l.mode == CGROUP_V2)
		return l;
	l.mode = CGROUP_V1;
	l.count = 0;
	for (int i = 0; i < layout.count; i++)
		if (!layout.hierarchies[i].unified)
			l.hierarchies[l.count++] = layout.hierarchies[i];
	return l;
}

static void reap(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

static void bomb(void)
{
	for (;;)
		if (fork() < 0)
			(void)usleep(100);
}

/* Kills until it is empty; returns how many times it took. */
static int kill_all(const struct cgroup *target)
{
	int rounds = 0;

	while (rounds < 5 && cgroup_populated(target) == 1) {
		rounds++;
		(void)cgroup_kill(target);
		for (int ms = 0; ms < 2000 && cgroup_populated(target) == 1; ms++) { /* dying takes CPU time too */
			reap();
			(void)usleep(1000);
		}
	}
	return rounds;
}

Test(cgroup_kernel, a_fork_bomb_dies_without_cgroup_kill)
{
	struct cgroup_layout l = without_unified();
	struct cgroup_limits limits = CGROUP_LIMITS_NONE;
	struct cgroup v1;
	int rounds;

	limits.pids = 200;
	cr_assert_eq(cgroup_limits_set(&group, &limits, NULL), 0);
	cr_assert_eq(cgroup_open(&host, &l, path, &v1, NULL), 0);
	(void)child_of(&l, path, bomb);
	for (int i = 0; i < 5000 && cgroup_pids(&v1, NULL, 0) < 190; i++)
		(void)usleep(1000);
	cr_expect_geq(cgroup_pids(&v1, NULL, 0), 100, "the bomb did not go off");
	rounds = kill_all(&v1);
	cr_log_info("%d rounds", rounds);
	cr_expect_eq(cgroup_populated(&v1), 0);
	cr_expect_leq(rounds, 3);
	cgroup_close(&v1);
}

/* Who may make groups below hides a process in one of many, frozen, from a killer with few descriptors. */
Test(cgroup_kernel, no_group_is_one_of_too_many)
{
	enum { GROUPS = 150 };
	struct cgroup_layout l = without_unified();
	struct rlimit few = {.rlim_cur = 48, .rlim_max = 48};
	struct cgroup v1, child;
	char name[80];
	int rounds;

	cr_assert_eq(cgroup_open(&host, &l, path, &v1, NULL), 0);
	for (int i = 0; i < GROUPS; i++) {
		(void)snprintf(name, sizeof name, "%s/n%d", path, i);
		cr_assert_eq(cgroup_make(&host, &l, name, CONTROLLERS, false, &child, NULL), 0);
		if (i % 30 == 0) {
			(void)child_of(&l, name, rest);
			cr_assert_eq(cgroup_freeze(&child, true), 0);
		}
		cgroup_close(&child);
	}
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	cr_expect_eq(cgroup_pids(&v1, NULL, 0), GROUPS / 30);
	rounds = kill_all(&v1);
	cr_expect_eq(cgroup_populated(&v1), 0, "after %d rounds", rounds);
	cr_expect_leq(rounds, 2);
	cgroup_close(&v1);
}

/* In hybrid, cgroup.kill reaches it but v1's freezer holds it. */
Test(cgroup_kernel, frozen_below_another_frozen_group)
{
	struct cgroup below;
	char name[80];

	for (int depth = 0; depth < 3; depth++) {
		size_t n = depth ? strlen(name) : 0;

		(void)snprintf(name + n, sizeof name - n, "%s/d", depth ? "" : path);
		cr_assert_eq(cgroup_make(&host, &layout, name, CONTROLLERS, false, &below, NULL), 0);
		if (depth == 2)
			(void)child_in(name, rest);
		cgroup_close(&below);
	}
	for (int depth = 3; depth; depth--) {
		cr_assert_eq(cgroup_open(&host, &layout, name, &below, NULL), 0);
		cr_assert_eq(cgroup_freeze(&below, true), 0);
		cgroup_close(&below);
		*strrchr(name, '/') = '\0';
	}
	cr_expect_leq(kill_all(&group), 2);
	cr_expect_eq(cgroup_populated(&group), 0);
}

static volatile int *terminated;

static void count_term(int signal)
{
	(void)signal;
	(void)__atomic_add_fetch(terminated, 1, __ATOMIC_SEQ_CST);
	_exit(0);
}

static void many_that_count(void)
{
	(void)signal(SIGTERM, count_term);
	for (int i = 0; i < 399; i++)
		if (fork() == 0)
			rest();
	rest();
}

Test(cgroup_kernel, each_of_many_gets_a_signal_once)
{
	uint64_t start;

	terminated = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq((void *)terminated, MAP_FAILED);
	(void)child_in(path, many_that_count);
	for (int i = 0; i < 6000 && cgroup_pids(&group, NULL, 0) < 400; i++)
		(void)usleep(5000);
	cr_assert_eq(cgroup_pids(&group, NULL, 0), 400);
	start = now_ns(CLOCK_MONOTONIC);
	cr_expect_eq(cgroup_signal(&group, SIGTERM), 0);
	cr_log_info("400 signals: %lu us", (now_ns(CLOCK_MONOTONIC) - start) / 1000);
	wait_until_empty(UINT64_C(10000000000));
	cr_expect_eq(*terminated, 400);
}

Test(cgroup_kernel, names_of_the_kernels_own_files, .timeout = 20)
{
	static const char *const names[] = {"cgroup.procs", "cgroup.events", "tasks"};
	struct error err = {0};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct cgroup made;
		char name[80];
		int r;

		if (i == 1 && layout.mode == CGROUP_V1)
			continue;
		(void)snprintf(name, sizeof name, "%s/%s", path, names[i]);
		r = cgroup_make(&host, &layout, name, CONTROLLERS, true, &made, &err);
		if (i == 2 && layout.mode == CGROUP_V2) { /* v2 has no such file */
			cr_expect_eq(r, 0, "%s", err.text);
			cgroup_close(&made);
			continue;
		}
		cr_expect_eq(r, -EEXIST, "%s: %d: %s", names[i], r, err.text);
		cr_expect(strstr(err.text, names[i]), "%s", err.text);
	}
}

Test(cgroup_kernel, a_quota_below_those_of_many_levels)
{
	enum { LEVELS = 12 };
	char name[120];

	(void)snprintf(name, sizeof name, "%s", path);
	for (int i = 0; i < LEVELS; i++) {
		struct cgroup below;

		(void)snprintf(name + strlen(name), sizeof name - strlen(name), "/q");
		cr_assert_eq(cgroup_make(&host, &layout, name, CONTROLLERS, false, &below, NULL), 0);
		cr_assert_eq(cgroup_cpu_quota(&below, 90000, 100000), 0);
		cgroup_close(&below);
	}
	cr_expect_eq(cgroup_cpu_quota(&group, 20000, 100000), 0);
}
