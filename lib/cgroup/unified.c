/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process's group as the kernel knows it: for nf_tables, which asks a socket for it. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/cleanup.h"
#include "lib/base/file.h"
#include "lib/cgroup/cgroup.h"

/* include/linux/proc_ns.h */
static const ino_t initial_namespace = 0xEFFFFFFB;

/* "/a/b" of the line "0::/a/b". */
static int read_path(const struct host *host, pid_t pid, char path[PATH_MAX], struct error *err)
{
	char file[sizeof host->proc + 32], text[16384], *save = NULL;
	ssize_t n;

	(void)snprintf(file, sizeof file, "%s/%d/cgroup", host->proc, (int)pid);
	n = file_read_small(AT_FDCWD, file, text, sizeof text);
	if (n < 0)
		return error_errno(err, (int)-n, "find the v2 cgroup of process %d: read %s", (int)pid, file);
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (strncmp(line, "0::", 3) == 0) {
			(void)snprintf(path, PATH_MAX, "%s", line + 3);
			return 0;
		}
	return error_set(err, ENOTSUP, "find the v2 cgroup of process %d: there is no v2 tree", (int)pid);
}

static uint32_t depth_of(const char *path)
{
	uint32_t depth = 0;

	for (; *path; path++)
		depth += *path == '/' && path[1] && path[1] != '/';
	return depth;
}

static bool is_in(const char *path, const char *group)
{
	size_t length = strlen(group);

	return strncmp(path, group, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

/* The kernel counts levels from the root, which is not the one of a namespace (before Linux 6.12). */
static int check_namespace(const struct host *host, struct error *err)
{
	char path[PATH_MAX];
	struct stat ours;

	(void)snprintf(path, sizeof path, "%s/self/ns/cgroup", host->proc);
	if (stat(path, &ours) < 0)
		return error_errno(err, errno, "find a v2 cgroup's level: %s", path);
	if (ours.st_ino != initial_namespace)
		return error_set(err, ENOTSUP, "find a v2 cgroup's level: stint runs in a cgroup namespace");
	return 0;
}

int cgroup_unified_own(const struct host *host, const struct cgroup_layout *layout, pid_t pid, pid_t outsider, uint64_t *ret_id,
		       uint32_t *ret_level, struct error *err)
{
	struct cgroup group = CGROUP_CLOSED(layout);
	char path[PATH_MAX], outside[PATH_MAX];
	struct stat directory;
	int r = check_namespace(host, err);

	if (r == 0)
		r = read_path(host, pid, path, err);
	if (r == 0)
		r = read_path(host, outsider, outside, err);
	if (r == 0 && (depth_of(path) == 0 || is_in(outside, path)))
		r = error_set(err, ENOTSUP, "find the v2 cgroup of process %d: it has none of its own (\"%s\")", (int)pid, path);
	if (r == 0)
		r = cgroup_open_of(host, layout, pid, &group, err);
	if (r < 0)
		return r;
	r = fstat(cgroup_unified_fd(&group), &directory) < 0 ?
		    error_errno(err, errno, "find the v2 cgroup of process %d: look at \"%s\"", (int)pid, path) : 0;
	cgroup_close(&group);
	if (r < 0)
		return r;
	*ret_id = directory.st_ino;
	*ret_level = depth_of(path);
	return 0;
}
