/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fingerprints: the same for the same files, another when one that counts changes, and no way out of a hostile root. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/file.h"
#include "lib/record/fingerprint.h"

static char directory[] = "/tmp/stint-test-fingerprint-XXXXXX";
static int root = -1;

static void put(const char *name, const char *text, mode_t mode)
{
	struct error err = {0};

	cr_assert_eq(file_write_atomic(root, name, text, strlen(text), mode, false, &err), 0, "%s", err.text);
}

static void make_root(void)
{
	static const char *const directories[] = {"etc", "usr", "usr/lib", "usr/bin",
						  "opt", "var", "var/lib", "var/lib/dpkg"};

	cr_assert_not_null(mkdtemp(directory));
	root = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
		cr_assert_eq(mkdirat(root, directories[i], 0755), 0);
	cr_assert_eq(symlinkat("usr/bin", root, "bin"), 0);
	cr_assert_eq(symlinkat("../usr/lib/os-release", root, "etc/os-release"), 0);
	put("usr/lib/os-release", "ID=test\n", 0644);
	put("var/lib/dpkg/status", "Package: server\n", 0644);
	put("usr/bin/server", "#!/bin/sh\n", 0755);
}

static void remove_root(void)
{
	char command[200];

	(void)close(root);
	(void)snprintf(command, sizeof command, "rm -rf %s", directory);
	cr_expect_eq(system(command), 0);
}

TestSuite(fingerprint, .init = make_root, .fini = remove_root);

static const char *taken(const char *program, const char *path, const char *cwd)
{
	static char kept[16][FINGERPRINT_MAX];
	static unsigned next;
	char *text = kept[next++ % 16];
	struct error err = {0};

	cr_assert_eq(workload_fingerprint(root, program, path, cwd, text, &err), 0, "%s", err.text);
	return text;
}

Test(fingerprint, is_a_sum_in_hex_and_the_same_each_time)
{
	const char *first = taken("server", NULL, NULL);

	cr_expect_eq(strlen(first), 71);
	cr_expect_eq(strncmp(first, "sha256:", 7), 0);
	cr_expect_eq(strspn(first + 7, "0123456789abcdef"), 64);
	cr_expect_str_eq(taken("server", NULL, NULL), first);
	cr_expect_str_eq(taken("server", "/nowhere:/bin", "/etc"), first, "by way of a symlink");
}

/* By another program of the same parts: no change may make all workloads new ones. */
Test(fingerprint, is_what_it_was_in_earlier_versions)
{
	cr_expect_str_eq(taken("server", NULL, NULL),
			 "sha256:7522f7f7eca11b55073955e66394573258cc53bc35da2e10567fdfb3398dd6bc");
}

Test(fingerprint, changes_with_each_part)
{
	const char *first = taken("server", NULL, NULL);

	put("usr/lib/os-release", "ID=tess\n", 0644);
	cr_expect_str_neq(taken("server", NULL, NULL), first);
	put("usr/lib/os-release", "ID=test\n", 0644);
	cr_expect_str_eq(taken("server", NULL, NULL), first);
	put("var/lib/dpkg/status", "Package: servex\n", 0644);
	cr_expect_str_neq(taken("server", NULL, NULL), first);
	put("var/lib/dpkg/status", "Package: server\n", 0644);
	put("usr/bin/server", "#!/bin/sh\n\n", 0755);
	cr_expect_str_neq(taken("server", NULL, NULL), first);
	put("usr/bin/server", "#!/bin/sh\n", 0755);
	cr_expect_str_eq(taken("server", NULL, NULL), first);
	cr_expect_str_neq(taken("/usr/bin/server", NULL, NULL), first, "another name");
	cr_expect_str_neq(taken("absent", NULL, NULL), first);
}

/* What moves from one file to the next leaves the bytes of all together the same. */
Test(fingerprint, does_not_take_one_part_for_another)
{
	const char *first = taken("server", NULL, NULL);

	put("usr/lib/os-release", "ID=test\nPackage: server\n", 0644);
	put("var/lib/dpkg/status", "", 0644);
	cr_expect_str_neq(taken("server", NULL, NULL), first);
	cr_assert_eq(unlinkat(root, "var/lib/dpkg/status", 0), 0);
	cr_expect_str_neq(taken("server", NULL, NULL), first);
}

Test(fingerprint, finds_the_program_as_execvp_does)
{
	const char *first = taken("server", NULL, NULL);

	put("opt/server", "other\n", 0644);
	cr_expect_str_eq(taken("server", "/opt:/usr/bin", NULL), first, "what is not executable is passed over");
	put("opt/server", "other\n", 0755);
	cr_expect_str_neq(taken("server", "/opt:/usr/bin", NULL), first);
	cr_expect_str_eq(taken("server", "/usr/bin:/opt", NULL), first);
	cr_expect_str_neq(taken("server", ":/usr/bin", "/opt"), first, "an empty directory of PATH is the working one");
	cr_expect_str_neq(taken("server", "opt:/usr/bin", NULL), first, "a relative one begins there");
	cr_expect_str_neq(taken("./server", NULL, "/opt"), taken("./server", NULL, "/usr/bin"));
	cr_expect_str_eq(taken("", NULL, NULL), taken("", ":::", NULL));
}

Test(fingerprint, does_not_leave_a_hostile_root)
{
	const char *first = taken("server", NULL, NULL);
	char outside[] = "/tmp/stint-test-outside-XXXXXX", link[100];
	int fd = mkstemp(outside);

	cr_assert_geq(fd, 0);
	cr_assert_eq(write_all(fd, "Package: server\n", 16), 0);
	(void)close(fd);
	cr_assert_eq(unlinkat(root, "var/lib/dpkg/status", 0), 0);
	cr_assert_eq(symlinkat(outside, root, "var/lib/dpkg/status"), 0);
	cr_expect_str_neq(taken("server", NULL, NULL), first);
	cr_assert_eq(unlinkat(root, "var/lib/dpkg/status", 0), 0);
	(void)snprintf(link, sizeof link, "../../../../../..%s", outside);
	cr_assert_eq(symlinkat(link, root, "var/lib/dpkg/status"), 0);
	cr_expect_str_neq(taken("server", NULL, NULL), first);
	cr_assert_eq(unlink(outside), 0);
}

/* A fifo would keep it waiting, a loop of links going. */
Test(fingerprint, passes_over_what_is_no_regular_file, .timeout = 20)
{
	const char *without, *with;

	cr_assert_eq(unlinkat(root, "var/lib/dpkg/status", 0), 0);
	cr_assert_eq(unlinkat(root, "usr/bin/server", 0), 0);
	without = taken("server", NULL, NULL);
	cr_assert_eq(mkfifoat(root, "var/lib/dpkg/status", 0644), 0);
	cr_assert_eq(symlinkat("server", root, "usr/bin/server"), 0);
	with = taken("server", NULL, NULL);
	cr_expect_str_eq(with, without);
	cr_assert_eq(unlinkat(root, "usr/bin/server", 0), 0);
	cr_assert_eq(mkdirat(root, "usr/bin/server", 0755), 0);
	cr_expect_str_eq(taken("server", NULL, NULL), without);
}

Test(fingerprint, of_a_large_file_the_beginning_and_the_size_count)
{
	int fd = openat(root, "usr/bin/server", O_WRONLY | O_CLOEXEC);
	const char *first, *grown;

	cr_assert_eq(ftruncate(fd, 2 * FINGERPRINT_PROGRAM_MAX), 0);
	first = taken("server", NULL, NULL);
	cr_assert_eq(pwrite(fd, "x", 1, FINGERPRINT_PROGRAM_MAX), 1);
	cr_expect_str_eq(taken("server", NULL, NULL), first);
	cr_assert_eq(pwrite(fd, "x", 1, FINGERPRINT_PROGRAM_MAX - 1), 1);
	cr_expect_str_neq(taken("server", NULL, NULL), first);
	grown = taken("server", NULL, NULL);
	cr_assert_eq(ftruncate(fd, 2 * FINGERPRINT_PROGRAM_MAX + 1), 0);
	cr_expect_str_neq(taken("server", NULL, NULL), grown);
	(void)close(fd);
}
