/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel files of a group, and walking the groups below one. */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/file.h"
#include "lib/cgroup/internal.h"

/* v1's "no limit": the largest number of pages, in bytes. */
#define V1_UNLIMITED UINT64_C(0x7ffffffffffff000)

int group_fd(const struct cgroup *group, enum controller controller)
{
	for (int i = 0; i < group->layout->count; i++)
		if (group->layout->hierarchies[i].controllers & 1u << controller)
			return group->fds[i];
	return -EBADF;
}

int cgroup_unified_fd(const struct cgroup *group)
{
	for (int i = 0; i < group->layout->count; i++)
		if (group->layout->hierarchies[i].unified)
			return group->fds[i];
	return -EBADF;
}

int parse_number(const char *text, uint64_t *ret_value)
{
	uint64_t value;
	char *end;

	if (strcmp(text, "max") == 0 || strcmp(text, "-1") == 0) {
		*ret_value = NONE;
		return 0;
	}
	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || *end)
		return -EINVAL;
	*ret_value = value >= V1_UNLIMITED ? NONE : value;
	return 0;
}

int kernel_number(int dirfd, const char *name, uint64_t *ret_value)
{
	char text[64];
	ssize_t n = file_read_small(dirfd, name, text, sizeof text);

	return n < 0 ? (int)n : parse_number(text, ret_value);
}

/* A line "key number", cut at its space. */
static int take_keyed(char *line, const char *const *keys, unsigned count, unsigned *seen, uint64_t *values)
{
	char *space = strchr(line, ' ');

	if (!space || space == line)
		return -EINVAL;
	*space = '\0';
	for (unsigned i = 0; i < count; i++) {
		if (strcmp(line, keys[i]) != 0)
			continue;
		if (*seen & 1u << i)
			return -EINVAL;
		*seen |= 1u << i;
		return parse_number(space + 1, &values[i]);
	}
	return 0;
}

int kernel_keyed_all(int dirfd, const char *name, const char *const *keys, unsigned count, uint64_t *ret_values)
{
	char text[8192], *save = NULL;
	uint64_t values[KEYED_MAX];
	unsigned seen = 0;
	ssize_t n = file_read_small(dirfd, name, text, sizeof text);

	if (n < 0)
		return (int)n;
	memset(values, 0xff, sizeof values); /* each NONE */
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		int r = take_keyed(line, keys, count, &seen, values);

		if (r < 0)
			return r;
	}
	memcpy(ret_values, values, count * sizeof *values);
	return 0;
}

int kernel_keyed(int dirfd, const char *name, const char *key, uint64_t *ret_value)
{
	return kernel_keyed_all(dirfd, name, &key, 1, ret_value);
}

uint64_t number_or_none(int dirfd, const char *name)
{
	uint64_t value;

	return dirfd < 0 || kernel_number(dirfd, name, &value) < 0 ? NONE : value;
}

uint64_t keyed_or_none(int dirfd, const char *name, const char *key)
{
	uint64_t value;

	return dirfd < 0 || kernel_keyed(dirfd, name, key, &value) < 0 ? NONE : value;
}

int kernel_write(int dirfd, const char *name, uint64_t value)
{
	char text[32];

	(void)snprintf(text, sizeof text, "%" PRIu64, value);
	return file_write_small(dirfd, name, text);
}

/* Opened anew: reading a directory moves the place in it. */
static DIR *open_dir(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir)
		(void)close_fd(fd);
	return dir;
}

/* Depth first, so that the descriptors open at one time are as many as the tree is deep: who may make
 * groups below ours must not be able to hide one by making many. */
int walk_groups(int topfd, int (*each)(int groupfd, void *data), void *data)
{
	DIR *levels[WALK_DEPTH_MAX];
	unsigned depth = 0, groups = 0;
	int r = each(topfd, data), skipped = 0;

	if (r == 0 && (levels[0] = open_dir(topfd, ".")))
		depth = 1;
	else if (r == 0 && errno != ENOENT && errno != ENODEV)
		skipped = -errno;
	while (depth) {
		struct dirent *entry = r == 0 && groups < WALK_GROUPS_MAX ? readdir(levels[depth - 1]) : NULL;
		DIR *dir;

		if (!entry) {
			(void)closedir(levels[--depth]);
			continue;
		}
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		dir = open_dir(dirfd(levels[depth - 1]), entry->d_name);
		if (!dir) {
			if (errno != ENOENT && errno != ENODEV) /* else gone meanwhile */
				skipped = -errno;
			continue;
		}
		groups++;
		r = each(dirfd(dir), data);
		if (depth < WALK_DEPTH_MAX) {
			levels[depth++] = dir;
		} else {
			skipped = -E2BIG;
			(void)closedir(dir);
		}
	}
	return r ? r : groups == WALK_GROUPS_MAX ? -E2BIG : skipped;
}
