/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The store: its names, writing and reading runs, and what is kept. */
#include "lib/record/store.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>

#include "lib/base/file.h"
#include "lib/record/store_internal.h"
#include "lib/record/tally.h"

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_" DIGITS

int store_check_workload(const char *workload, struct error *err)
{
	size_t length = strnlen(workload, STORE_NAME_MAX);

	if (length == 0 || length == STORE_NAME_MAX || strspn(workload, LETTERS ".:+-") != length ||
	    strchr(".:+-", workload[0]) || strstr(workload, ".."))
		return error_set(err, EINVAL,
				 "\"%.64s\" is no workload: its name begins with a letter, digit or \"_\", goes "
				 "on with these and \".\", \":\", \"+\", \"-\", and has at most %d characters",
				 workload, STORE_NAME_MAX - 1);
	return 0;
}

enum { START_DIGITS = 16, RANDOM_DIGITS = 8, SUFFIX_LENGTH = START_DIGITS + RANDOM_DIGITS + 2 };

static bool is_hex(const char *text, size_t length)
{
	return strspn(text, DIGITS "abcdef") >= length;
}

size_t run_id_length(const char *run)
{
	size_t length = strnlen(run, STORE_NAME_MAX), id = length > SUFFIX_LENGTH ? length - SUFFIX_LENGTH : 0;
	const char *start = run + id + 1, *random = start + START_DIGITS + 1;

	if (length == STORE_NAME_MAX || id == 0 || strspn(run, LETTERS ".+-") < id || strchr(".+-", run[0]))
		return 0;
	if (start[-1] != '.' || !is_hex(start, START_DIGITS) || random[-1] != '.' || !is_hex(random, RANDOM_DIGITS))
		return 0;
	return id;
}

int run_order(const char *a, const char *b)
{
	int r = strncmp(a + run_id_length(a), b + run_id_length(b), SUFFIX_LENGTH);

	return r ? r : strcmp(a, b);
}

static int check_run(const char *run, struct error *err)
{
	if (!run_id_length(run))
		return error_set(err, EINVAL, "\"%.160s\" is no name of a run: ID.START.RANDOM is wanted", run);
	return 0;
}

int store_name_run(const struct host *host, const char *id, char ret_run[STORE_NAME_MAX], struct error *err)
{
	char run[STORE_NAME_MAX];
	uint32_t random;

	if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
		return error_errno(err, errno, "make up a name for a recording of %.128s", id);
	(void)snprintf(run, sizeof run, "%.128s.%016" PRIx64 ".%08" PRIx32, id, host->realtime_ns(), random);
	if (check_run(run, err) < 0)
		return -EINVAL;
	memcpy(ret_run, run, sizeof run);
	return 0;
}

void run_file_name(const char *run, char ret_name[FILE_NAME_MAX])
{
	(void)snprintf(ret_name, FILE_NAME_MAX, "%s.json", run);
}

bool run_of_file(const char *name, char ret_run[STORE_NAME_MAX])
{
	size_t length = strlen(name), end = strlen(".json");
	char run[STORE_NAME_MAX];

	if (length <= end || length - end >= STORE_NAME_MAX || strcmp(name + length - end, ".json") != 0)
		return false;
	memcpy(run, name, length - end);
	run[length - end] = '\0';
	if (!run_id_length(run))
		return false;
	memcpy(ret_run, run, sizeof run);
	return true;
}

static void store_path(const struct host *host, const char *workload, char path[PATH_MAX])
{
	(void)snprintf(path, PATH_MAX, "%.2048s/recordings%s%s", host->state_dir, *workload ? "/" : "", workload);
}

static int open_directory(const char *path, bool make, int *ret_fd, struct error *err)
{
	_cleanup_close_ int fd = -1;
	int r;

	if (make)
		return dir_open_private(path, 0700, ret_fd, err);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ENOENT : error_errno(err, errno, "open %s", path);
	r = dir_check_private(fd, path, err);
	if (r == 0)
		*ret_fd = steal_fd(&fd);
	return r;
}

int store_open(const struct host *host, bool make, int *ret_fd, struct error *err)
{
	char path[PATH_MAX];

	store_path(host, "", path);
	return open_directory(path, make, ret_fd, err);
}

int store_open_workload(const struct host *host, const char *workload, bool make, int *ret_fd, struct error *err)
{
	_cleanup_close_ int parent = -1;
	char path[PATH_MAX];
	int r = store_check_workload(workload, err);

	/* One after the other, so that each is looked at, and has the mode of ours when we make it. */
	if (r == 0)
		r = store_open(host, make, &parent, err);
	store_path(host, workload, path);
	return r < 0 ? r : open_directory(path, make, ret_fd, err);
}

static int recording_text(const struct recording *recording, char **ret_text, size_t *ret_length, struct error *err)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	_cleanup_free_ char *text = NULL;
	struct json *object;
	int r = json_doc_new(&doc, err);

	if (r == 0)
		r = recording_write(recording, doc, &object, err);
	if (r == 0)
		r = json_write(object, false, &text, ret_length, err);
	if (r == 0 && *ret_length > JSON_MAX_BYTES)
		r = error_set(err, EFBIG, "keep a recording: it has %zu bytes, and at most %d can be read again",
			      *ret_length, JSON_MAX_BYTES);
	if (r == 0)
		*ret_text = steal_ptr(&text);
	return r;
}

/* There is room for one more, when it is one more. */
static int check_room(int dirfd, const char *file, const char *workload, struct error *err)
{
	_cleanup_store_names_ struct store_names names = {0};

	if (faccessat(dirfd, file, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	if (list_runs(dirfd, STORE_RUNS_MAX - 1, &names, err) < 0)
		return error_prefix(err, "keep a recording of the workload %.160s", workload);
	return 0;
}

int store_write(const struct host *host, const char *run, const struct recording *recording, struct error *err)
{
	const char *workload = recording->workload ? recording->workload : "";
	_cleanup_close_ int dirfd = -1;
	_cleanup_free_ char *text = NULL;
	char file[FILE_NAME_MAX];
	size_t length;
	int r = check_run(run, err);

	if (r == 0)
		r = recording_text(recording, &text, &length, err);
	if (r == 0)
		r = store_open_workload(host, workload, true, &dirfd, err);
	if (r < 0)
		return r;
	run_file_name(run, file);
	r = check_room(dirfd, file, workload, err);
	if (r == 0)
		r = file_write_atomic(dirfd, file, text, length, 0600, true, err);
	if (r == 0 && fsync(dirfd) < 0)
		r = error_errno(err, errno, "write the directory of %s", file);
	return r;
}

int read_run_file(int dirfd, const char *name, size_t *left, struct recording *ret_recording, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t length;
	int r = file_read(dirfd, name, *left < JSON_MAX_BYTES ? *left : JSON_MAX_BYTES, &text, &length, err);

	if (r < 0)
		return r;
	*left -= length;
	return recording_parse(name, text, length, ret_recording, err);
}

int store_read_run(const struct host *host, const char *workload, const char *run, struct recording *ret_recording,
		   struct error *err)
{
	_cleanup_close_ int dirfd = -1;
	size_t left = JSON_MAX_BYTES;
	char file[FILE_NAME_MAX];
	int r = check_run(run, err);

	if (r == 0)
		r = store_open_workload(host, workload, false, &dirfd, err);
	if (r == -ENOENT)
		return error_set(err, ENOENT, "there are no recordings of the workload %.160s", workload);
	if (r < 0)
		return r;
	run_file_name(run, file);
	return read_run_file(dirfd, file, &left, ret_recording, err);
}

void stored_runs_close(struct stored_runs *runs)
{
	for (unsigned i = 0; i < runs->count; i++)
		recording_close(&runs->list[i].recording);
	free(runs->list);
	free(runs->recordings);
	*runs = (struct stored_runs){0};
}

static int read_all(int dirfd, const struct store_names *names, struct stored_runs *runs, struct error *err)
{
	size_t left = STORE_BYTES_MAX;

	runs->list = calloc(names->count + 1, sizeof *runs->list);
	runs->recordings = calloc(names->count + 1, sizeof *runs->recordings);
	if (!runs->list || !runs->recordings)
		return error_set(err, ENOMEM, "read %u recordings: out of memory", names->count);
	for (unsigned i = 0; i < names->count; i++) {
		struct stored_run *run = &runs->list[runs->count];
		char file[FILE_NAME_MAX];
		int r;

		run_file_name(names->list[i], file);
		r = read_run_file(dirfd, file, &left, &run->recording, err);
		if (r == -ENOENT)
			continue; /* taken away meanwhile */
		if (r < 0)
			return r;
		memcpy(run->name, names->list[i], sizeof run->name);
		runs->recordings[runs->count++] = &run->recording;
	}
	return 0;
}

static int read_runs(int dirfd, struct stored_runs *ret_runs, struct error *err)
{
	_cleanup_stored_runs_ struct stored_runs runs = {0};
	_cleanup_store_names_ struct store_names names = {0};
	int r = list_runs(dirfd, STORE_RUNS_MAX, &names, err);

	if (r < 0)
		return r;
	r = read_all(dirfd, &names, &runs, err);
	if (r < 0)
		return r;
	*ret_runs = runs;
	runs = (struct stored_runs){0};
	return 0;
}

int store_read(const struct host *host, const char *workload, struct stored_runs *ret_runs, struct error *err)
{
	_cleanup_close_ int dirfd = -1;
	int r = store_open_workload(host, workload, false, &dirfd, err);

	if (r == -ENOENT) {
		*ret_runs = (struct stored_runs){0};
		return 0;
	}
	if (r == 0)
		r = read_runs(dirfd, ret_runs, err);
	return r < 0 ? error_prefix(err, "read the recordings of %.160s", workload) : 0;
}

static int trim(int dirfd, const struct stored_runs *runs, struct error *err)
{
	_cleanup_tally_ struct tally tally = {0};
	unsigned kept = runs->count;
	int r = tally_make(runs->recordings, runs->count, &tally, err);

	for (unsigned i = 0; i < runs->count && kept > STORE_RUNS_KEPT && r == 0; i++) {
		const struct stored_run *run = &runs->list[i];
		char file[FILE_NAME_MAX];

		if (tally_is_alone(&tally, &run->recording.needs))
			continue;
		run_file_name(run->name, file);
		if (unlinkat(dirfd, file, 0) < 0 && errno != ENOENT)
			r = error_errno(err, errno, "remove the recording %s", file);
		tally_take_out(&tally, &run->recording.needs);
		kept--;
	}
	return r;
}

int store_trim(const struct host *host, const char *workload, struct error *err)
{
	_cleanup_stored_runs_ struct stored_runs runs = {0};
	_cleanup_close_ int dirfd = -1;
	int r = store_open_workload(host, workload, false, &dirfd, err);

	if (r == -ENOENT)
		return 0;
	/* Two at once could each rely on what the other takes away. The lock goes with the descriptor. */
	if (r == 0 && flock(dirfd, LOCK_EX) < 0)
		r = error_errno(err, errno, "lock the recordings");
	if (r == 0)
		r = read_runs(dirfd, &runs, err);
	if (r == 0)
		r = trim(dirfd, &runs, err);
	return r < 0 ? error_prefix(err, "keep the recordings of %.160s few", workload) : 0;
}
