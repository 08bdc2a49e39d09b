/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The store of recordings: what is written is read, found and kept; what is hostile is refused with its name. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/record/store.h"
#include "tests/unit/record_fixture.h"

static char directory[] = "/tmp/stint-test-store-XXXXXX";
static struct host host, other;
static uint64_t now_ns;

static uint64_t now(void)
{
	return now_ns;
}

static void make_hosts(void)
{
	char root[sizeof directory + 10];

	now_ns = UINT64_C(1795590903457255541);
	cr_assert_not_null(mkdtemp(directory));
	(void)snprintf(root, sizeof root, "%s/here", directory);
	cr_assert_eq(host_init(&host, root, NULL), 0);
	(void)snprintf(root, sizeof root, "%s/there", directory);
	cr_assert_eq(host_init(&other, root, NULL), 0);
	host.realtime_ns = other.realtime_ns = now;
}

static void remove_hosts(void)
{
	char command[200];

	(void)snprintf(command, sizeof command, "rm -rf %s", directory);
	cr_expect_eq(system(command), 0);
}

TestSuite(store, .init = make_hosts, .fini = remove_hosts, .timeout = 60);

/* Writes a run that begins a nanosecond after the last; its name goes to `run` where that is wanted. */
static void write_run(const struct host *where, const char *workload, const char *id, const char *needs, char *run)
{
	_cleanup_recording_ struct recording recording = recording_of(needs);
	char name[STORE_NAME_MAX];
	struct error err = {0};

	now_ns++;
	cr_assert_eq(recording_set(&recording.workload, workload, NULL), 0);
	cr_assert_eq(recording_set(&recording.id, id, NULL), 0);
	cr_assert_eq(store_name_run(where, id, name, &err), 0, "%s", err.text);
	cr_assert_eq(store_write(where, name, &recording, &err), 0, "%s", err.text);
	if (run)
		memcpy(run, name, sizeof name);
}

static void path_of(const struct host *where, const char *workload, const char *file, char path[PATH_MAX])
{
	(void)snprintf(path, PATH_MAX, "%.2048s/recordings/%s/%s", where->state_dir, workload, file);
}

static unsigned count_of(const struct host *where, const char *workload)
{
	_cleanup_stored_runs_ struct stored_runs runs = {0};
	struct error err = {0};

	cr_assert_eq(store_read(where, workload, &runs, &err), 0, "%s", err.text);
	return runs.count;
}

Test(store, what_is_written_is_read_in_the_order_it_began)
{
	_cleanup_stored_runs_ struct stored_runs runs = {0};
	_cleanup_recording_ struct recording one = {0}, wanted = recording_of("read, socket 2 1");
	char first[STORE_NAME_MAX], second[STORE_NAME_MAX], path[PATH_MAX];
	struct error err = {0};
	struct stat st;

	write_run(&host, "sha256:abc", "web-2", "read, socket 2 1", first);
	write_run(&host, "sha256:abc", "web-1", "write", second);
	cr_expect_eq(strncmp(first, "web-2.18eb", 10), 0, "%s", first);
	cr_assert_eq(store_read(&host, "sha256:abc", &runs, &err), 0, "%s", err.text);
	cr_assert_eq(runs.count, 2);
	cr_expect_str_eq(runs.list[0].name, first);
	cr_expect_str_eq(runs.list[1].name, second);
	cr_expect_eq(runs.recordings[0], &runs.list[0].recording);
	cr_expect_str_eq(runs.recordings[1]->id, "web-1");
	cr_assert_eq(store_read_run(&host, "sha256:abc", first, &one, &err), 0, "%s", err.text);
	cr_expect(recording_equal(&one, &runs.list[0].recording));
	cr_expect(needs_equal(&one.needs, &wanted.needs));

	path_of(&host, "sha256:abc", "", path);
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0700);
	path_of(&host, "sha256:abc", first, path);
	(void)strcat(path, ".json");
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0600);
}

Test(store, a_snapshot_takes_the_place_of_the_one_before)
{
	_cleanup_recording_ struct recording later = recording_of("read, write"), read = {0};
	char run[STORE_NAME_MAX];

	write_run(&host, "w", "web-1", "read", run);
	cr_assert_eq(recording_set(&later.workload, "w", NULL), 0);
	cr_assert_eq(store_write(&host, run, &later, NULL), 0);
	cr_expect_eq(count_of(&host, "w"), 1);
	cr_assert_eq(store_read_run(&host, "w", run, &read, NULL), 0);
	cr_expect(recording_equal(&read, &later));
}

Test(store, that_is_not_there_is_empty_and_is_not_made_by_looking)
{
	char workload[STORE_NAME_MAX], run[STORE_NAME_MAX], path[PATH_MAX];
	_cleanup_store_names_ struct store_names names = {.count = 7};
	struct error err = {0};

	cr_expect_eq(count_of(&host, "w"), 0);
	cr_assert_eq(store_workloads(&host, &names, &err), 0);
	cr_expect_eq(names.count, 0);
	cr_expect_eq(store_find_run(&host, "web-1", workload, run, &err), -ENOENT);
	cr_expect_eq(store_find_workload(&host, "w", workload, &err), -ENOENT);
	cr_expect_eq(store_trim(&host, "w", &err), 0);
	path_of(&host, "", "", path);
	cr_expect_eq(access(path, F_OK), -1);
}

Test(store, names_that_could_lead_elsewhere_are_refused)
{
	static const char *const workloads[] = {"",	   ".",	 "..", "../up", "a/b", "a..b",
						".hidden", "-o", ":a", "a b",	"a\n", "\303\274"};
	static const char *const runs[] = {"",
					   "web-1",
					   "web-1.18eb3a5a5b5c5d5e",
					   "web-1.18eb3a5a5b5c5d5e.0123456",
					   "web-1.18eb3a5a5b5c5d5e.012345678",
					   "web-1.18EB3a5a5b5c5d5e.01234567",
					   "web/1.18eb3a5a5b5c5d5e.01234567",
					   ".18eb3a5a5b5c5d5e.01234567",
					   "../x.18eb3a5a5b5c5d5e.01234567",
					   "-x.18eb3a5a5b5c5d5e.01234567"};
	_cleanup_recording_ struct recording recording = recording_of("read"), read = {0};
	char long_name[STORE_NAME_MAX + 1];
	struct error err = {0};

	memset(long_name, 'a', STORE_NAME_MAX);
	long_name[STORE_NAME_MAX] = '\0';
	cr_expect_eq(store_check_workload(long_name, &err), -EINVAL);
	long_name[STORE_NAME_MAX - 1] = '\0';
	cr_expect_eq(store_check_workload(long_name, &err), 0);
	cr_expect_eq(store_check_workload("sha256:0a.b_c+d-e", &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(workloads); i++) {
		struct stored_runs none;

		cr_expect_eq(store_check_workload(workloads[i], &err), -EINVAL, "%s", workloads[i]);
		cr_expect_eq(store_read(&host, workloads[i], &none, &err), -EINVAL, "%s", workloads[i]);
		cr_assert_eq(recording_set(&recording.workload, workloads[i], NULL), 0);
		cr_expect_eq(store_write(&host, "web-1.18eb3a5a5b5c5d5e.01234567", &recording, &err), -EINVAL);
	}
	cr_assert_eq(recording_set(&recording.workload, NULL, NULL), 0);
	cr_expect_eq(store_write(&host, "web-1.18eb3a5a5b5c5d5e.01234567", &recording, &err), -EINVAL,
		     "of no workload");
	cr_assert_eq(recording_set(&recording.workload, "w", NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(runs); i++) {
		cr_expect_eq(store_write(&host, runs[i], &recording, &err), -EINVAL, "%s", runs[i]);
		cr_expect_eq(store_read_run(&host, "w", runs[i], &read, &err), -EINVAL, "%s", runs[i]);
	}
	cr_expect_eq(store_write(&host, "w.18eb3a5a5b5c5d5e.01234567.18eb3a5a5b5c5d5e.01234567", &recording, &err), 0);
}

Test(store, the_longest_id_has_a_name)
{
	char id[129], run[STORE_NAME_MAX];

	memset(id, 'x', 128);
	id[128] = '\0';
	write_run(&host, "w", id, "read", run);
	cr_expect_eq(count_of(&host, "w"), 1);
}

static void write_text(const char *workload, const char *file, const char *text)
{
	char path[PATH_MAX];
	struct error err = {0};

	path_of(&host, workload, file, path);
	cr_assert_eq(file_write_atomic(AT_FDCWD, path, text, strlen(text), 0600, false, &err), 0, "%s", err.text);
}

Test(store, a_run_that_cannot_be_read_is_an_error_that_names_it)
{
	static const char name[] = "web-9.18eb3a5a5b5c5d5e.01234567.json";
	struct stored_runs runs = {.count = 7};
	char path[PATH_MAX];
	struct error err = {0};

	write_run(&host, "w", "web-1", "read", NULL);
	write_text("w", name, "{\"version\": 1, \"syscalls\": [\"read\"");
	cr_expect_eq(store_read(&host, "w", &runs, &err), -EINVAL);
	cr_expect_not_null(strstr(err.text, name), "%s", err.text);
	cr_expect_eq(runs.count, 7);
	cr_expect_eq(store_trim(&host, "w", &err), -EINVAL);

	path_of(&host, "w", name, path);
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(symlink("/etc/passwd", path), 0);
	cr_expect_eq(store_read(&host, "w", &runs, &err), -ELOOP);
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_expect_eq(store_read(&host, "w", &runs, &err), -EINVAL);
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(truncate(path, 0), -1);
	write_text("w", name, "");
	cr_assert_eq(truncate(path, JSON_MAX_BYTES + 1), 0);
	cr_expect_eq(store_read(&host, "w", &runs, &err), -EFBIG);
	cr_assert_eq(unlink(path), 0);
	cr_expect_eq(count_of(&host, "w"), 1, "and without it all is well");
}

Test(store, files_that_are_no_runs_are_not_looked_at)
{
	write_run(&host, "w", "web-1", "read", NULL);
	write_text("w", ".web-1.18eb3a5a5b5c5d5e.01234567.json.77", "half a");
	write_text("w", "notes", "x");
	write_text("w", "x.json", "x");
	cr_expect_eq(count_of(&host, "w"), 1);
}

Test(store, a_directory_that_others_may_write_is_refused)
{
	struct stored_runs runs;
	char path[PATH_MAX];
	struct error err = {0};

	write_run(&host, "w", "web-1", "read", NULL);
	path_of(&host, "w", "", path);
	cr_assert_eq(chmod(path, 0777), 0);
	cr_expect_eq(store_read(&host, "w", &runs, &err), -EPERM);
	cr_expect_not_null(strstr(err.text, "chmod go-w"), "%s", err.text);
}

Test(store, a_container_is_found_by_its_id_and_its_newest_run)
{
	char workload[STORE_NAME_MAX], run[STORE_NAME_MAX], newest[STORE_NAME_MAX];
	struct error err = {0};

	write_run(&host, "b", "web", "read", NULL);
	write_run(&host, "a", "web", "read", newest);
	write_run(&host, "c", "web.1", "read", NULL);
	write_run(&host, "c", "we", "read", NULL);
	cr_assert_eq(store_find_run(&host, "web", workload, run, &err), 0, "%s", err.text);
	cr_expect_str_eq(workload, "a");
	cr_expect_str_eq(run, newest);
	cr_expect_eq(store_find_run(&host, "web-2", workload, run, &err), -ENOENT);
	write_run(&host, "b", "web", "read", newest);
	cr_assert_eq(store_find_run(&host, "web", workload, run, &err), 0, "%s", err.text);
	cr_expect_str_eq(workload, "b");
	cr_expect_str_eq(run, newest);
}

Test(store, a_workload_is_found_by_what_only_its_key_begins_with)
{
	static const struct {
		const char *text;
		int result;
		const char *workload;
	} cases[] = {
		{"sha256:abc1", 0, "sha256:abc1"},
		{"sha256:abc", -ENOTUNIQ, NULL},
		{"abc1", 0, "sha256:abc1"},
		{"abd", 0, "sha256:abd"},
		{"sha256:abd", 0, "sha256:abd"},
		{"ab", -ENOTUNIQ, NULL},
		{"", -ENOENT, NULL},
		{"x", -ENOENT, NULL},
		{"web", 0, "web"},
		{"we", -ENOTUNIQ, NULL},
		{"webs", 0, "websites"},
		{"256", -ENOENT, NULL},
	};

	write_run(&host, "sha256:abc1", "a", "read", NULL);
	write_run(&host, "sha256:abc2", "a", "read", NULL);
	write_run(&host, "sha256:abd", "a", "read", NULL);
	write_run(&host, "web", "a", "read", NULL);
	write_run(&host, "websites", "a", "read", NULL);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char workload[STORE_NAME_MAX] = "";
		struct error err = {0};

		cr_expect_eq(store_find_workload(&host, cases[i].text, workload, &err), cases[i].result, "%s",
			     cases[i].text);
		cr_expect_str_eq(workload, cases[i].workload ? cases[i].workload : "", "%s", cases[i].text);
	}
}

Test(store, workloads_are_listed_in_order)
{
	_cleanup_store_names_ struct store_names names = {0};

	write_run(&host, "b", "x", "read", NULL);
	write_run(&host, "a", "x", "read", NULL);
	cr_assert_eq(store_workloads(&host, &names, NULL), 0);
	cr_assert_eq(names.count, 2);
	cr_expect_str_eq(names.list[0], "a");
	cr_expect_str_eq(names.list[1], "b");
}

Test(store, keeps_the_newest_runs_and_all_that_alone_need_something)
{
	_cleanup_stored_runs_ struct stored_runs before = {0}, after = {0};
	_cleanup_recording_ struct recording was = {0}, is = {0};
	char rare[STORE_NAME_MAX];

	write_run(&host, "w", "web", "read, write, socket 1 1", NULL);
	write_run(&host, "w", "web", "read, keyctl 4", rare);
	for (unsigned i = 0; i < STORE_RUNS_KEPT + 3; i++)
		write_run(&host, "w", "web", i % 2 ? "read, write" : "read, socket 1 1", NULL);
	cr_assert_eq(store_read(&host, "w", &before, NULL), 0);
	cr_assert_eq(before.count, STORE_RUNS_KEPT + 5);
	cr_assert_eq(store_trim(&host, "w", NULL), 0);
	cr_assert_eq(store_read(&host, "w", &after, NULL), 0);
	cr_assert_eq(after.count, STORE_RUNS_KEPT);
	cr_expect_str_eq(after.list[0].name, rare, "the oldest that alone needs something");
	cr_expect_str_eq(after.list[1].name, before.list[6].name, "the others went in their order");
	cr_expect_str_eq(after.list[STORE_RUNS_KEPT - 1].name, before.list[before.count - 1].name);
	cr_assert_eq(recording_union(before.recordings, before.count, &was, NULL), 0);
	cr_assert_eq(recording_union(after.recordings, after.count, &is, NULL), 0);
	cr_expect(needs_equal(&was.needs, &is.needs));
	cr_assert_eq(store_trim(&host, "w", NULL), 0);
	cr_expect_eq(count_of(&host, "w"), STORE_RUNS_KEPT);
}

/* Two that need the same: the older goes, and then the other is the only one. */
Test(store, does_not_take_away_the_last_that_needs_something)
{
	_cleanup_stored_runs_ struct stored_runs after = {0};
	char second[STORE_NAME_MAX];

	write_run(&host, "w", "web", "read, mount", NULL);
	write_run(&host, "w", "web", "read, mount", second);
	for (unsigned i = 0; i < STORE_RUNS_KEPT; i++)
		write_run(&host, "w", "web", "read", NULL);
	cr_assert_eq(store_trim(&host, "w", NULL), 0);
	cr_assert_eq(store_read(&host, "w", &after, NULL), 0);
	cr_assert_eq(after.count, STORE_RUNS_KEPT);
	cr_expect_str_eq(after.list[0].name, second);
}

Test(store, has_a_most_of_runs)
{
	_cleanup_recording_ struct recording recording = recording_of("read");
	char run[STORE_NAME_MAX], last[STORE_NAME_MAX];
	struct error err = {0};

	write_run(&host, "w", "web", "read", last);
	for (unsigned i = 1; i < STORE_RUNS_MAX; i++) {
		(void)snprintf(run, sizeof run, "web.%016x.00000000.json", i);
		write_text("w", run, "{\"version\":1}");
	}
	cr_assert_eq(recording_set(&recording.workload, "w", NULL), 0);
	cr_assert_eq(store_name_run(&host, "web", run, NULL), 0);
	cr_expect_eq(store_write(&host, run, &recording, &err), -E2BIG);
	cr_expect_eq(store_write(&host, last, &recording, &err), 0, "that is there: %s", err.text);
	cr_expect_eq(count_of(&host, "w"), STORE_RUNS_MAX);
}

static void import(const char *path, unsigned copied, unsigned there)
{
	unsigned is_copied = 99, is_there = 99;
	struct error err = {0};

	cr_assert_eq(store_import(&host, path, &is_copied, &is_there, &err), 0, "%s", err.text);
	cr_expect_eq(is_copied, copied, "%s: %u", path, is_copied);
	cr_expect_eq(is_there, there, "%s: %u", path, is_there);
}

Test(store, takes_in_the_runs_of_another_host_once)
{
	char file[PATH_MAX], workload[PATH_MAX], all[PATH_MAX], run[STORE_NAME_MAX], name[STORE_NAME_MAX + 8];
	_cleanup_recording_ struct recording here = {0}, there = {0};

	write_run(&other, "w", "web", "read", run);
	write_run(&other, "w", "web", "write", NULL);
	write_run(&other, "v", "db", "read", NULL);
	write_run(&host, "w", "web", "mmap", NULL);
	(void)snprintf(name, sizeof name, "%s.json", run);
	path_of(&other, "w", name, file);
	path_of(&other, "w", "", workload);
	path_of(&other, "", "", all);
	import(file, 1, 0);
	cr_expect_eq(count_of(&host, "w"), 2);
	cr_assert_eq(store_read_run(&host, "w", run, &here, NULL), 0);
	cr_assert_eq(store_read_run(&other, "w", run, &there, NULL), 0);
	cr_expect(recording_equal(&here, &there));
	import(workload, 1, 1);
	import(all, 1, 2);
	import(all, 0, 3);
	cr_expect_eq(count_of(&host, "w"), 3);
	cr_expect_eq(count_of(&host, "v"), 1);
}

Test(store, takes_in_nothing_hostile)
{
	static const struct {
		const char *text, *said;
	} cases[] = {
		{"{\"version\":1,\"workload\":\"../../etc\"}", "is no workload"},
		{"{\"version\":1}", "does not say of which workload"},
		{"{\"version\":1,\"workload\":\"w\",\"syscalls\":[\"\\u001b[2J\"]}", "no name of a system call"},
	};
	char path[PATH_MAX];
	unsigned copied = 99, there = 99;
	struct error err = {0};

	write_run(&host, "w", "web", "read", NULL);
	(void)snprintf(path, sizeof path, "%s/web.18eb3a5a5b5c5d5e.01234567.json", directory);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cr_assert_eq(file_write_atomic(AT_FDCWD, path, cases[i].text, strlen(cases[i].text), 0600, false, &err),
			     0);
		cr_expect_eq(store_import(&host, path, &copied, &there, &err), -EINVAL);
		cr_expect_not_null(strstr(err.text, cases[i].said), "%s", err.text);
		cr_expect_not_null(strstr(err.text, path), "%s", err.text);
	}
	cr_expect_eq(copied, 99);
	(void)snprintf(path, sizeof path, "%s/recording.json", directory);
	cr_assert_eq(file_write_atomic(AT_FDCWD, path, "{}", 2, 0600, false, &err), 0);
	cr_expect_eq(store_import(&host, path, &copied, &there, &err), -EINVAL);
	cr_expect_not_null(strstr(err.text, "ID.START.RANDOM.json"), "%s", err.text);
	cr_expect_eq(store_import(&host, "/nowhere", &copied, &there, &err), -ENOENT);
	cr_expect_eq(count_of(&host, "w"), 1);
}
