/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/state/state_dir.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#include "lib/base/cleanup.h"
#include "lib/base/file.h"

/* FNV-1a: names apart what two engines call alike; nothing relies on it being hard to forge, since
 * a runtime's --root is the engine's own word. */
static uint32_t hash(const char *text)
{
	uint32_t h = 2166136261u;

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 16777619u;
	return h;
}

void state_key(const char *id, const char *runtime_root, char key[STATE_KEY_MAX])
{
	if (runtime_root && *runtime_root)
		(void)snprintf(key, STATE_KEY_MAX, "%s~%08x", id, hash(runtime_root));
	else
		(void)snprintf(key, STATE_KEY_MAX, "%s", id);
}

int state_open(const struct host *host, int *ret_fd, struct error *err)
{
	return dir_open_private(host->run_dir, 0700, ret_fd, err);
}

int state_claim(int dirfd)
{
	return flock(dirfd, LOCK_EX | LOCK_NB) < 0 ? -errno : 0;
}

static void closedirp(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}

int state_each(const struct host *host, int (*each)(const char *key, int dirfd, void *data), void *data,
	       struct error *err)
{
	_cleanup_(closedirp) DIR *dir = NULL;
	_cleanup_close_ int fd = -1;
	int r = state_open(host, &fd, err);

	if (r < 0)
		return r;
	dir = fdopendir(fd);
	if (!dir)
		return error_errno(err, errno, "list %s", host->run_dir);
	(void)steal_fd(&fd); /* the stream owns it now */
	for (struct dirent *entry; (entry = readdir(dir));) {
		_cleanup_close_ int child = -1;

		if (entry->d_name[0] == '.')
			continue;
		child = openat(dirfd(dir), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (child < 0)
			continue; /* it ended meanwhile */
		r = each(entry->d_name, child, data);
		if (r != 0)
			return r;
	}
	return 0;
}
