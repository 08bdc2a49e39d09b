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

#include "lib/base/command.h"
#include "cli/install.h"
#include "lib/base/file.h"
#include "lib/report/journal.h"

enum { SMOKE_SECONDS = 60, REPORT_WAIT_MS = 10000, REPORT_LOOK_MS = 50 };

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

/* What an engine put beside the program is flat. */
static void clear(const struct smoke *smoke)
{
	(void)dir_remove(AT_FDCWD, smoke->directory);
	(void)unlink(smoke->id_file);
}

static int prepare(const struct installation *inst, struct smoke *smoke, struct error *err)
{
	_cleanup_close_ int dirfd = -1;
	int r;

	(void)snprintf(smoke->directory, sizeof smoke->directory, "%.2048s/install/%s/smoke", inst->host->state_dir,
		       inst->engine->files->name);
	(void)snprintf(smoke->id_file, sizeof smoke->id_file, "%.4000s.id", smoke->directory);
	(void)snprintf(smoke->name, sizeof smoke->name, "stint-smoke-%" PRIx64, inst->host->realtime_ns());
	clear(smoke);
	r = dir_open_private(smoke->directory, 0755, &dirfd, err);
	return r < 0 ? r : copy_self(dirfd, err);
}

static int find_report(const struct installation *inst, const struct smoke *smoke, struct error *err)
{
	const struct timespec pause = {.tv_nsec = REPORT_LOOK_MS * 1000000L};
	char id[128];

	if (file_read_small(AT_FDCWD, smoke->id_file, id, sizeof id) <= 0)
		(void)snprintf(id, sizeof id, "%s", smoke->name);
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

int smoke_run(const char *const *argv, struct error *err)
{
	_cleanup_command_ struct command command = {0};
	int r = command_check(argv, SMOKE_SECONDS, &command, err);

	if (r == 0 && strcmp(command.out, "stint " STINT_VERSION "\n") != 0)
		return error_set(err, EIO, "run a container with %s: it printed \"%.100s\", and not stint's version",
				 argv[0], command.out);
	return r;
}

/* Who has not the program that would run it has an engine all the same. */
static int run(const struct installation *inst, const struct smoke *smoke, char note[NOTE_MAX], struct error *err)
{
	const char *how = "";
	struct error failure = {0};
	int r = inst->engine->run(inst, smoke, &how, &failure);

	if (r == -ENOENT) {
		(void)snprintf(note, NOTE_MAX, "%.500s", failure.text);
		return 0;
	}
	if (r < 0)
		return error_set(err, failure.code, "%s", failure.text);
	r = find_report(inst, smoke, err);
	(void)snprintf(note, NOTE_MAX, "a container ran under stint (%s), and its report is there", how);
	return r < 0 ? r : 1;
}

int smoke_try(struct installation *inst, char note[NOTE_MAX], struct error *err)
{
	const struct engine *engine = inst->engine;
	struct smoke smoke;
	int r;

	if (!is_static()) {
		(void)snprintf(note, NOTE_MAX,
			       "this build of stint needs libraries, so it cannot be a container's only file");
		return 0;
	}
	if (engine->reach && !engine->reach(inst, note))
		return 0;
	r = prepare(inst, &smoke, err);
	if (r == 0)
		r = run(inst, &smoke, note, err);
	if (engine->forget)
		engine->forget(inst, &smoke);
	clear(&smoke);
	return r;
}
