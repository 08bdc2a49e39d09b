/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs of another host. Each is read as what it is, a text from outside, and written as our own. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/cleanup.h"
#include "lib/record/store_internal.h"

struct import {
	const struct host *host;
	unsigned copied, there;
	struct error *err;
};

static bool is_here(const struct import *import, const char *workload, const char *run)
{
	_cleanup_close_ int dirfd = -1;
	char file[FILE_NAME_MAX];

	run_file_name(run, file);
	return store_open_workload(import->host, workload, false, &dirfd, NULL) == 0 &&
	       faccessat(dirfd, file, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int import_run(struct import *import, int dirfd, const char *path, const char *run)
{
	_cleanup_recording_ struct recording recording = {0};
	size_t left = JSON_MAX_BYTES;
	int r = read_run_file(dirfd, path, &left, &recording, import->err);

	if (r < 0)
		return r;
	if (!recording.workload)
		return error_set(import->err, EINVAL, "read %s: it does not say of which workload it is", path);
	r = store_check_workload(recording.workload, import->err);
	if (r < 0)
		return error_prefix(import->err, "read %s", path);
	if (is_here(import, recording.workload, run)) {
		import->there++;
		return 0;
	}
	r = store_write(import->host, run, &recording, import->err);
	import->copied += r == 0;
	return r;
}

static int import_runs(struct import *import, int dirfd)
{
	_cleanup_store_names_ struct store_names names = {0};
	int r = list_runs(dirfd, STORE_RUNS_MAX, &names, import->err);

	if (r < 0)
		return r;
	for (unsigned i = 0; i < names.count && r == 0; i++) {
		char file[FILE_NAME_MAX];

		run_file_name(names.list[i], file);
		r = import_run(import, dirfd, file, names.list[i]);
	}
	return r;
}

/* Files of runs in it, and directories that are called as a workload is. */
static int import_directory(struct import *import, int dirfd)
{
	_cleanup_store_names_ struct store_names names = {0};
	int r = import_runs(import, dirfd);

	if (r == 0)
		r = list_workloads(dirfd, &names, import->err);
	if (r < 0)
		return r;
	for (unsigned i = 0; i < names.count && r == 0; i++) {
		_cleanup_close_ int fd = openat(dirfd, names.list[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (fd >= 0)
			r = import_runs(import, fd);
		else if (errno != ENOTDIR && errno != ELOOP)
			r = error_errno(import->err, errno, "open %s", names.list[i]);
	}
	return r;
}

static int import_path(struct import *import, const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *slash = strrchr(path, '/');
	char run[STORE_NAME_MAX];

	if (fd >= 0)
		return import_directory(import, fd);
	if (errno != ENOTDIR)
		return error_errno(import->err, errno, "open %s", path);
	if (!run_of_file(slash ? slash + 1 : path, run))
		return error_set(import->err, EINVAL,
				 "read %s: it is called as no run is: ID.START.RANDOM.json is wanted", path);
	return import_run(import, AT_FDCWD, path, run);
}

int store_import(const struct host *host, const char *path, unsigned *ret_copied, unsigned *ret_there,
		 struct error *err)
{
	struct import import = {.host = host, .err = err};
	int r = import_path(&import, path);

	if (r < 0)
		return error_prefix(err, "take in the recordings of %s", path);
	*ret_copied = import.copied;
	*ret_there = import.there;
	return 0;
}
