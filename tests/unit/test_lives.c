/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What earlier lives of a container used: kept, read back, and never taken for nothing when it cannot be read. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/cleanup.h"
#include "lib/base/file.h"
#include "lib/state/lives.h"

static char directory[] = "/tmp/stint-test-lives-XXXXXX";
static int fd = -1;

static void make_directory(void)
{
	cr_assert_not_null(mkdtemp(directory));
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert_geq(fd, 0);
}

static void remove_directory(void)
{
	static const char *const names[] = {"a", "b", "old"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		(void)unlinkat(fd, names[i], 0);
	(void)close(fd);
	(void)rmdir(directory);
}

TestSuite(lives, .init = make_directory, .fini = remove_directory);

Test(lives, only_of_ids_that_an_engine_made_up)
{
	char id[66];

	memset(id, 'a', sizeof id);
	id[64] = '\0';
	cr_expect(life_is_kept(id));
	id[63] = 'g';
	cr_expect_not(life_is_kept(id));
	id[63] = 'A';
	cr_expect_not(life_is_kept(id));
	id[63] = '\0';
	cr_expect_not(life_is_kept(id));
	id[63] = id[64] = 'a';
	id[65] = '\0';
	cr_expect_not(life_is_kept(id));
	cr_expect_not(life_is_kept("web-1"));
	cr_expect_not(life_is_kept(""));
}

Test(lives, what_is_written_is_read)
{
	struct life life = {.runs = 3, .ended_real_ns = UINT64_C(1795590903457255541)}, back = {.runs = 9};
	struct stat st;

	cr_assert_eq(life_read(fd, "a", &back, NULL), 0);
	cr_expect_eq(back.runs, 0, "there is none");
	life.used[BUDGET_CPU] = UINT64_MAX - 1;
	life.used[BUDGET_WALL] = 1;
	cr_assert_eq(life_write(fd, "a", &life, NULL), 0);
	cr_assert_eq(life_read(fd, "a", &back, NULL), 0);
	cr_expect_eq(memcmp(&life, &back, sizeof life), 0);
	cr_assert_eq(fstatat(fd, "a", &st, 0), 0);
	cr_expect_eq(st.st_mode & 07777, 0600);
	life.runs++;
	cr_assert_eq(life_write(fd, "a", &life, NULL), 0);
	cr_assert_eq(life_read(fd, "a", &back, NULL), 0);
	cr_expect_eq(back.runs, 4);
}

Test(lives, what_cannot_be_read_is_an_error)
{
	static const char *const rows[] = {"", "{", "{}{}", "{\"runs\":-1}", "{\"runs\":\"1\"}", "{\"used\":{\"cpu\":1.5}}",
					   "{\"used\":{\"wall\":99999999999999999999}}", "{\"runs\":1,\"runs\":2}"};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct life life = {.runs = 7};
		struct error err = {0};

		cr_assert_eq(file_write_atomic(fd, "a", rows[i], strlen(rows[i]), 0600, false, NULL), 0);
		cr_expect_lt(life_read(fd, "a", &life, &err), 0, "%s", rows[i]);
		cr_expect_eq(life.runs, 7, "%s", rows[i]);
		cr_expect_gt(strlen(err.text), 0);
	}
	cr_assert_eq(unlinkat(fd, "a", 0), 0);
	cr_assert_eq(symlinkat("b", fd, "a"), 0);
	cr_expect_eq(life_read(fd, "a", &(struct life){0}, NULL), -ELOOP, "it is not followed");
}

Test(lives, the_old_ones_go)
{
	const struct life life = {.runs = 1};
	const uint64_t now_s = 2000000000;
	struct timespec old[2] = {{.tv_sec = (time_t)now_s - LIVES_KEPT_DAYS * 86400 - 60}, {0}},
			young[2] = {{.tv_sec = (time_t)now_s - LIVES_KEPT_DAYS * 86400 + 60}, {0}};

	old[1] = old[0];
	young[1] = young[0];
	cr_assert_eq(life_write(fd, "old", &life, NULL), 0);
	cr_assert_eq(life_write(fd, "b", &life, NULL), 0);
	cr_assert_eq(utimensat(fd, "old", old, 0), 0);
	cr_assert_eq(utimensat(fd, "b", young, 0), 0);
	lives_expire(fd, now_s * 1000000000u);
	cr_expect_eq(faccessat(fd, "old", F_OK, 0), -1);
	cr_expect_eq(faccessat(fd, "b", F_OK, 0), 0);
}
