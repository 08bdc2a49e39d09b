/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The container that is tried: its only file is this program, which is linked statically and prints its version. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <time.h>

#include "cli/install.h"
#include "lib/base/file.h"
#include "lib/report/journal.h"

enum { REPORT_WAIT_MS = 10000, REPORT_LOOK_MS = 50 };

/* A program that the kernel started without a loader needs no libraries. */
static bool is_static(void)
{
	return getauxval(AT_BASE) == 0;
}

static int copy_self(int dirfd, struct error *err)
{
	_cleanup_close_ int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	_cleanup_close_ int to = openat(dirfd, "stint", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	ssize_t n = 1;

	while (from >= 0 && to >= 0 && n > 0)
		n = sendfile(to, from, NULL, 1 << 20);
	return from < 0 || to < 0 || n < 0 || fchmod(to, 0755) < 0
		       ? error_errno(err, errno, "copy this program for the container that is tried")
		       : 0;
}

int smoke_prepare(struct installation *inst, struct smoke *ret_smoke, char note[NOTE_MAX], struct error *err)
{
	struct smoke smoke;
	_cleanup_close_ int dirfd = -1;
	int r;

	if (!is_static()) {
		(void)snprintf(note, NOTE_MAX,
			       "this build of stint needs libraries, so it cannot be a container's only file");
		return 0;
	}
	(void)snprintf(smoke.directory, sizeof smoke.directory, "%.2048s/install/%s/smoke", inst->host->state_dir,
		       inst->engine->name);
	(void)snprintf(smoke.id, sizeof smoke.id, "stint-smoke-%" PRIx64, inst->host->realtime_ns());
	smoke_clear(inst, &smoke);
	r = dir_open_private(smoke.directory, 0755, &dirfd, err);
	if (r == 0)
		r = copy_self(dirfd, err);
	if (r < 0)
		return r;
	*ret_smoke = smoke;
	return 1;
}

/* What an engine put beside the program is flat. */
void smoke_clear(struct installation *inst, const struct smoke *smoke)
{
	static const char *const files[] = {"id", "tar"};

	(void)inst;
	(void)dir_remove(AT_FDCWD, smoke->directory);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char path[PATH_MAX];

		(void)snprintf(path, sizeof path, "%.4000s.%s", smoke->directory, files[i]);
		(void)unlink(path);
	}
}

static int read_id(const struct smoke *smoke, char id[128], struct error *err)
{
	char path[PATH_MAX];
	ssize_t n;

	(void)snprintf(path, sizeof path, "%.4000s.id", smoke->directory);
	n = file_read_small(AT_FDCWD, path, id, 128);
	return n < 0 ? error_errno(err, (int)-n, "read the id of the container that was tried") : 0;
}

int smoke_reported(struct installation *inst, const struct smoke *smoke, const char *id, struct error *err)
{
	const struct timespec pause = {.tv_nsec = REPORT_LOOK_MS * 1000000L};
	char read[128];
	int r = id ? 0 : read_id(smoke, read, err);

	if (r < 0)
		return r;
	id = id ? id : read;
	for (int waited = 0; waited < REPORT_WAIT_MS; waited += REPORT_LOOK_MS) {
		_cleanup_json_ struct json_doc *report = NULL;

		if (journal_last(inst->host, id, &report, NULL) == 0)
			return 0;
		(void)nanosleep(&pause, NULL);
	}
	return error_set(err, ENOENT,
			 "find the report of the container that was tried: there is none in %s, so stint was not in "
			 "its path",
			 inst->host->log_dir);
}
