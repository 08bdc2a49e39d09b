/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One prefix moves everything of stint's, and nothing of the kernel's. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/host.h"

static struct host host_of(const char *root)
{
	struct host host;
	struct error err = {0};

	cr_assert_eq(host_init(&host, root, &err), 0, "%s", err.text);
	return host;
}

Test(host, without_a_prefix)
{
	static const char *const none[] = {NULL, "", "/", "///"};

	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
		struct host host = host_of(none[i]);

		cr_assert_str_empty(host.root);
		cr_assert_eq(host.run_dir[0], '/');
		cr_assert_eq(host.state_dir[0], '/');
		cr_assert_eq(host.log_dir[0], '/');
		cr_assert_eq(host.config_dir[0], '/');
		cr_assert_str_eq(host.data_dir, host.shipped_dir);
		cr_assert_str_eq(host.proc, "/proc");
		cr_assert_not(host.any_filesystem);
	}
}

Test(host, prefix_moves_what_is_ours)
{
	struct host plain = host_of(NULL), moved = host_of("/tmp/x/");
	const char *const pairs[][2] = {
		{plain.run_dir, moved.run_dir}, {plain.state_dir, moved.state_dir}, {plain.log_dir, moved.log_dir},
		{plain.config_dir, moved.config_dir}, {plain.data_dir, moved.data_dir},
	};

	cr_assert_str_eq(moved.root, "/tmp/x");
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		cr_assert_eq(strncmp(pairs[i][1], "/tmp/x", 6), 0, "%s", pairs[i][1]);
		cr_assert_str_eq(pairs[i][1] + 6, pairs[i][0]);
	}
	cr_assert_str_eq(moved.shipped_dir, plain.shipped_dir);
	cr_assert_str_eq(moved.proc, "/proc");
}

Test(host, refuses_prefixes)
{
	static char huge[PATH_MAX];
	static const char *const bad[] = {"tmp", "./x", "..", " /x", huge};
	struct host host;

	memset(huge, 'a', sizeof huge - 1);
	huge[0] = '/';
	memset(&host, 0x5a, sizeof host);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct error err = {0};

		cr_assert_eq(host_init(&host, bad[i], &err), -EINVAL);
		cr_assert_not_null(strstr(err.text, "STINT_ROOT"));
		cr_assert_eq(host.root[0], 0x5a, "the output is left alone");
	}
}

Test(host, takes_the_prefix_from_the_environment)
{
	struct host host;

	cr_assert_eq(setenv("STINT_ROOT", "/some/where", 1), 0);
	cr_assert_eq(host_init_from_environment(&host, NULL), 0);
	cr_assert_str_eq(host.root, "/some/where");
	cr_assert_eq(setenv("STINT_ROOT", "where", 1), 0);
	cr_assert_eq(host_init_from_environment(&host, NULL), -EINVAL);
	cr_assert_eq(unsetenv("STINT_ROOT"), 0);
	cr_assert_eq(host_init_from_environment(&host, NULL), 0);
	cr_assert_str_empty(host.root);
}

Test(host, clocks_and_processors)
{
	struct host host = host_of(NULL);
	struct timespec pause = {.tv_nsec = 2000000};
	uint64_t boot = host.boottime_ns(), real = host.realtime_ns();

	(void)nanosleep(&pause, NULL);
	cr_assert_geq(host.boottime_ns() - boot, 2000000);
	cr_assert_lt(host.boottime_ns() - boot, UINT64_C(60000000000));
	cr_assert_geq(real / 1000000000u, (uint64_t)time(NULL) - 60);
	cr_assert_leq(real / 1000000000u, (uint64_t)time(NULL) + 60);
	cr_assert_geq(host_cpus_online(&host), 1);
	cr_assert_lt(host_cpus_online(&host), 1u << 16);
}
