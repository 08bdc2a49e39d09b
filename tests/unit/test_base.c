/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Errors, units, times, names, log lines, files and where the host's things are. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/file.h"
#include "lib/base/host.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/base/units.h"

Test(base, an_error_is_cut_and_never_overrun)
{
	struct error err = {0};
	char text[4 * ERROR_TEXT_MAX];

	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	cr_expect_eq(error_set(&err, EINVAL, "%s", text), -EINVAL);
	cr_expect_eq(strlen(err.text), ERROR_TEXT_MAX - 1);
	cr_expect_eq(error_prefix(&err, "%s", text), -EINVAL);
	cr_expect_eq(strlen(err.text), ERROR_TEXT_MAX - 1);
	cr_expect_eq(error_errno(&err, ENOENT, "open %s", "x"), -ENOENT);
	cr_expect_str_eq(err.text, "open x: No such file or directory");
	cr_expect_eq(error_prefix(&err, "start %d", 7), -ENOENT);
	cr_expect_str_eq(err.text, "start 7: open x: No such file or directory");
	cr_expect_eq(error_set(NULL, EPERM, "nobody listens"), -EPERM);
}

Test(base, amounts)
{
	static const struct {
		enum unit unit;
		const char *text;
		uint64_t value; /* 0: refused */
	} table[] = {
		{UNIT_DURATION, "250ms", 250000000}, {UNIT_DURATION, "1.5s", 1500000000}, {UNIT_DURATION, "2m", 120000000000},
		{UNIT_DURATION, "1h", 3600000000000}, {UNIT_DURATION, "1ns", 1}, {UNIT_DURATION, "0.001us", 1},
		{UNIT_DURATION, "0.3ns", 0}, {UNIT_DURATION, "1", 0}, {UNIT_DURATION, "s", 0}, {UNIT_DURATION, "-1s", 0},
		{UNIT_DURATION, "+1s", 0}, {UNIT_DURATION, " 1s", 0}, {UNIT_DURATION, "1s ", 0}, {UNIT_DURATION, "1 s", 0},
		{UNIT_DURATION, "0s", 0}, {UNIT_DURATION, "1d", 0}, {UNIT_DURATION, "1e3s", 0}, {UNIT_DURATION, "1.s", 0},
		{UNIT_DURATION, ".5s", 0}, {UNIT_DURATION, "9999999999999h", 0}, {UNIT_DURATION, "", 0},
		{UNIT_DURATION, "0x1s", 0}, {UNIT_DURATION, "99999999999999999999s", 0},
		{UNIT_SIZE, "64MiB", 64 << 20}, {UNIT_SIZE, "1.5GiB", 1610612736}, {UNIT_SIZE, "10KB", 10000},
		{UNIT_SIZE, "512", 512}, {UNIT_SIZE, "512B", 512}, {UNIT_SIZE, "1.5", 0}, {UNIT_SIZE, "1.5KiB", 1536},
		{UNIT_SIZE, "1mib", 0}, {UNIT_SIZE, "1MB", 1000000}, {UNIT_SIZE, "8TiB", UINT64_C(8) << 40}, {UNIT_SIZE, "8388608TiB", 0},
		{UNIT_BYTE_TIME, "64GiB.s", UINT64_C(64) << 30}, {UNIT_BYTE_TIME, "100MiB.s", 100 << 20}, {UNIT_BYTE_TIME, "64GiB", 0},
		{UNIT_COUNT, "64", 64}, {UNIT_COUNT, "6.4", 0}, {UNIT_COUNT, "0", 0}, {UNIT_COUNT, "64B", 0},
		{UNIT_PERCENT, "80%", 80}, {UNIT_PERCENT, "100%", 100}, {UNIT_PERCENT, "101%", 0}, {UNIT_PERCENT, "80", 0},
		{UNIT_PERCENT, "0%", 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct error err = {0};
		uint64_t value = 4711;
		int r = unit_parse(table[i].unit, table[i].text, &value, &err);

		cr_expect_eq(r, table[i].value ? 0 : -EINVAL, "%s", table[i].text);
		cr_expect_eq(value, table[i].value ? table[i].value : 4711, "%s is %lu", table[i].text, value);
		cr_expect(r == 0 || strstr(err.text, table[i].text), "%s", err.text);
	}
}

Test(base, amounts_for_people)
{
	static const struct {
		enum unit unit;
		uint64_t value;
		const char *text;
	} table[] = {
		{UNIT_DURATION, 2000412345, "2.000s"}, {UNIT_DURATION, 500123456, "500.1ms"}, {UNIT_DURATION, 90000000000, "1m 30s"},
		{UNIT_DURATION, 3661000000000, "1h 1m"}, {UNIT_DURATION, 7, "7ns"}, {UNIT_SIZE, 64 << 20, "64 MiB"},
		{UNIT_SIZE, 1536, "1.50 KiB"}, {UNIT_SIZE, 7, "7 B"}, {UNIT_COUNT, 12, "12"}, {UNIT_PERCENT, 80, "80%"},
		{UNIT_BYTE_TIME, UINT64_C(3) << 29, "1.50 GiB.s"},
	};
	char text[UNIT_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		cr_expect_str_eq(unit_format(table[i].unit, table[i].value, text), table[i].text);
	(void)unit_format(UNIT_SIZE, UINT64_MAX, text);
	(void)unit_format(UNIT_DURATION, UINT64_MAX, text);
}

Test(base, times_go_both_ways)
{
	char text[TIME_TEXT_MAX];
	uint64_t ns;

	cr_expect_str_eq(time_format(UINT64_C(1795572912000000042), text), "2026-11-25T02:15:12.000000042Z");
	cr_expect_eq(time_parse(text, &ns, NULL), 0);
	cr_expect_eq(ns, UINT64_C(1795572912000000042));
	cr_expect_eq(time_parse("2026-11-25T02:15:12Z", &ns, NULL), 0);
	cr_expect_lt(time_parse("2026-11-25T02:15:12", &ns, NULL), 0);
	cr_expect_lt(time_parse("2026-11-25T02:15:12.Z", &ns, NULL), 0);
	cr_expect_lt(time_parse("", &ns, NULL), 0);
}

Test(base, the_nearest_name)
{
	static const char *const names[] = {"wall", "cpu", "memory", "pids", NULL};
	char lengthy[200];

	cr_expect_str_eq(nearest_name("cpuu", names), "cpu");
	cr_expect_str_eq(nearest_name("memroy", names), "memory");
	cr_expect_null(nearest_name("bandwidth", names));
	memset(lengthy, 'a', sizeof lengthy - 1);
	lengthy[sizeof lengthy - 1] = '\0';
	cr_expect_null(nearest_name(lengthy, names));
}

Test(base, a_log_line_is_whole_whatever_the_message)
{
	char line[160];

	for (size_t size = 100; size <= sizeof line; size++) {
		_cleanup_json_ struct json_doc *doc = NULL;
		size_t n = log_line(LOG_JSON, "error", "a \"quoted\" \\ line\nwith \xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9 and so on and on",
				    0, line, size);

		cr_assert(n > 0 && n < size && line[n - 1] == '\n', "%zu of %zu", n, size);
		cr_expect_eq(json_parse("line", line, n, &doc, NULL), 0, "%s", line);
		cr_expect_str_eq(json_string(json_get(json_root(doc), "level")), "error");
	}
	(void)log_line(LOG_TEXT, "error", "x", 0, line, sizeof line);
	cr_expect_str_eq(line, "time=\"1970-01-01T00:00:00.000000000Z\" level=error msg=\"x\"\n");
}

Test(base, the_host_below_a_prefix)
{
	struct host host;

	cr_expect_eq(host_init(&host, "/tmp/x//", NULL), 0);
	cr_expect_str_eq(host.run_dir + strlen(host.run_dir) - strlen("/run/stint"), "/run/stint");
	cr_expect_eq(strncmp(host.run_dir, "/tmp/x/", 7), 0);
	cr_expect_eq(host_init(&host, "relative", NULL), -EINVAL);
	cr_expect_eq(host_init(&host, NULL, NULL), 0);
	cr_expect_str_eq(host.root, "");
	cr_expect_geq(host_cpus_online(&host), 1);
	cr_expect_leq(host.boottime_ns(), host.boottime_ns());
}

static char directory[64];

static void make_directory(void)
{
	(void)strcpy(directory, "/tmp/stint-unit.XXXXXX");
	cr_assert_not_null(mkdtemp(directory));
}

static void remove_directory(void)
{
	cr_expect_eq(dir_remove(AT_FDCWD, directory), 0);
	cr_expect_eq(access(directory, F_OK), -1);
}

static void put(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	(void)snprintf(path, sizeof path, "%s/%s", directory, name);
	f = fopen(path, "w");
	cr_assert_not_null(f);
	(void)fputs(text, f);
	(void)fclose(f);
}

Test(base, files_are_read_whole_or_not, .init = make_directory, .fini = remove_directory)
{
	_cleanup_close_ int dir = open(directory, O_RDONLY | O_DIRECTORY);
	_cleanup_free_ char *text = NULL;
	char *unset = NULL;
	size_t length;

	put("a", "hello");
	cr_expect_eq(file_read(dir, "a", 5, &text, &length, NULL), 0);
	cr_expect(length == 5 && strcmp(text, "hello") == 0);
	cr_expect_eq(file_read(dir, "a", 4, &unset, &length, NULL), -EFBIG);
	cr_expect_eq(file_read(dir, "b", 4, &unset, &length, NULL), -ENOENT);
	cr_assert_eq(mkfifoat(dir, "fifo", 0600), 0);
	cr_expect_lt(file_read(dir, "fifo", 4, &unset, &length, NULL), 0);
	cr_assert_eq(symlinkat("a", dir, "link"), 0);
	cr_expect_lt(file_read(dir, "link", 5, &unset, &length, NULL), 0);
	cr_expect_lt(file_read(AT_FDCWD, "/dev/zero", 5, &unset, &length, NULL), 0);
	cr_expect_null(unset);
}

Test(base, a_file_is_replaced_whole, .init = make_directory, .fini = remove_directory)
{
	_cleanup_close_ int dir = open(directory, O_RDONLY | O_DIRECTORY);
	char text[64];

	put("a", "old");
	cr_expect_eq(file_write_atomic(dir, "a", "new text", 8, 0600, true, NULL), 0);
	cr_expect_eq(file_read_small(dir, "a", text, sizeof text), 8);
	cr_expect_str_eq(text, "new text");
	cr_expect_eq(file_read_small(dir, "a", text, 8), -EFBIG);
}

Test(base, a_private_directory_is_ours_alone, .init = make_directory, .fini = remove_directory)
{
	_cleanup_close_ int dir = open(directory, O_RDONLY | O_DIRECTORY);
	char path[128];
	int fd = -1;
	struct error err = {0};
	struct stat st;

	(void)snprintf(path, sizeof path, "%s/new", directory);
	cr_expect_eq(dir_open_private(path, 0700, &fd, &err), 0, "%s", err.text);
	cr_expect(fstat(fd, &st) == 0 && (st.st_mode & 07777) == 0700);
	fd = close_fd(fd);
	cr_expect_eq(dir_make_private(dir, "new", 0700, true, &fd, &err), -EEXIST);
	cr_assert_eq(chmod(path, 0777), 0);
	cr_expect_eq(dir_open_private(path, 0700, &fd, &err), -EPERM);
	cr_expect(strstr(err.text, "0777"), "%s", err.text);
	cr_assert_eq(chmod(path, 0700), 0);
	cr_assert_eq(symlinkat("new", dir, "link"), 0);
	(void)snprintf(path, sizeof path, "%s/link", directory);
	cr_expect_lt(dir_open_private(path, 0700, &fd, &err), 0);
	put("file", "");
	(void)snprintf(path, sizeof path, "%s/file", directory);
	cr_expect_lt(dir_open_private(path, 0700, &fd, &err), 0);
	if (geteuid() == 0) {
		(void)snprintf(path, sizeof path, "%s/new", directory);
		cr_assert_eq(chown(path, 65534, 65534), 0);
		cr_expect_eq(dir_open_private(path, 0700, &fd, &err), -EPERM);
		cr_expect(strstr(err.text, "65534"), "%s", err.text);
	}
}
