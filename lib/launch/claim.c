/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state directory of a container that is to be started: ours alone, whatever is left there of an earlier one. */
#include "lib/launch/internal.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "lib/base/cleanup.h"
#include "lib/base/file.h"

/* The container of before has ended and is being cleared away at this moment. */
static bool wait_until_cleared(int run_fd, const char *key)
{
	for (int i = 0; i < 1000; i++) {
		if (faccessat(run_fd, key, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
			return true;
		(void)usleep(2000);
	}
	return false;
}

static int begins_already(const char *id, struct error *err)
{
	return error_set(err, EEXIST, "a container with id %s is being started by another; choose another id", id);
}

/* Ours to prepare or to clear away: claimed, and still the directory that has the name. */
static bool claim(int run_fd, const char *key, int dirfd)
{
	struct stat held, named;

	return state_claim(dirfd) == 0 && fstat(dirfd, &held) == 0 &&
	       fstatat(run_fd, key, &named, AT_SYMLINK_NOFOLLOW) == 0 && held.st_ino == named.st_ino &&
	       held.st_dev == named.st_dev;
}

static int exists_already(const char *id, struct error *err)
{
	return error_set(err, EEXIST, "a container with id %s exists already and is being watched; choose another "
				      "id, or delete that one", id);
}

/* Without a ledger, or with none of ours: its launcher was killed before there was a plan, unless it is being
 * watched by another version of stint. */
static int clear_unfinished(int run_fd, int dirfd, const char *key, const char *id, struct error *err)
{
	_cleanup_close_ int ledger_fd = openat(dirfd, "ledger", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (ledger_fd >= 0 && ledger_watched(ledger_fd))
		return exists_already(id, err);
	r = dir_remove(run_fd, key);
	return r < 0 ? error_errno(err, -r, "clear away what is left of an earlier container with id %s", id) : 0;
}

/* A directory of this key is there: a container that is watched, or what monitors that were killed
 * left. The latter is finished by a monitor of its own, which then clears it away. */
static int finish_leftover(const struct host *host, int run_fd, const char *key, const char *id,
			   struct error *err)
{
	_cleanup_close_ int dirfd = openat(run_fd, key, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_close_ int ledger_fd = -1, pipe = -1;
	struct ledger *ledger = NULL;
	bool final;
	int r;

	if (dirfd < 0)
		return errno == ENOENT ? 0 : error_errno(err, errno, "look at the state of %s", id);
	r = dir_check_private(dirfd, key, err);
	if (r < 0)
		return r;
	r = ledger_open(dirfd, false, &ledger, &ledger_fd, err);
	if (r < 0 && r != -ENOENT && r != -EINVAL)
		return error_prefix(err, "look at the state of %s", id);
	final = r == 0 && atomic_load(&ledger->report_length) > 0;
	ledger_unmap(r == 0 ? ledger : NULL);
	if (final && wait_until_cleared(run_fd, key))
		return 0;
	if (!claim(run_fd, key, dirfd))
		return begins_already(id, err);
	if (r < 0)
		return clear_unfinished(run_fd, dirfd, key, id, err);
	if (ledger_watched(ledger_fd))
		return exists_already(id, err);
	ledger_fd = close_fd(ledger_fd);
	r = monitor_start(host, key, -1, false, &pipe, err);
	if (r < 0)
		return error_prefix(err, "finish what is left of an earlier container with id %s", id);
	return error_set(err, EEXIST, "an earlier container with id %s, whose monitor had been killed, is being "
				      "watched again; it must end before the id can be used", id);
}

int launch_claim(struct launch *launch, const char *id, struct error *err)
{
	int r = state_open(launch->host, &launch->run_fd, err);

	if (r < 0)
		return r;
	r = dir_make_private(launch->run_fd, launch->key, 0700, true, &launch->state_fd, err);
	if (r == -EEXIST) {
		r = finish_leftover(launch->host, launch->run_fd, launch->key, id, err);
		if (r < 0)
			return r;
		r = dir_make_private(launch->run_fd, launch->key, 0700, true, &launch->state_fd, err);
	}
	if (r == -EEXIST || r == -ENOENT) /* another's, from this moment; or taken from us before it was claimed */
		return begins_already(id, err);
	if (r < 0)
		return r;
	if (!claim(launch->run_fd, launch->key, launch->state_fd)) {
		launch->state_fd = close_fd(launch->state_fd); /* not ours to remove */
		return begins_already(id, err);
	}
	return ledger_make(launch->state_fd, &launch->ledger, &launch->ledger_fd, err);
}
