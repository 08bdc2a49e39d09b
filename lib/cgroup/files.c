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

/* All of `text` must be one number. */
static int parse_number(const char *text, uint64_t *ret_value)
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

int kernel_keyed(int dirfd, const char *name, const char *key, uint64_t *ret_value)
{
	char text[8192], *save = NULL;
	ssize_t n = file_read_small(dirfd, name, text, sizeof text);
	size_t length = strlen(key);

	if (n < 0)
		return (int)n;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (strncmp(line, key, length) == 0 && line[length] == ' ')
			return parse_number(line + length + 1, ret_value);
	*ret_value = NONE;
	return 0;
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

enum { WALK_GROUPS_MAX = 4096 };

/* The directories in `dirfd` are put on the stack, opened: a later rename or removal does not matter. */
static int push_children(int dirfd, int **stack, unsigned *depth, unsigned *seen)
{
	int copy = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	int r = 0;

	if (!dir) {
		(void)close_fd(copy);
		return 0; /* gone meanwhile */
	}
	for (struct dirent *entry; r == 0 && (entry = readdir(dir));) {
		int *more, child;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		if (*seen == WALK_GROUPS_MAX) {
			r = -E2BIG;
			break;
		}
		child = openat(dirfd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (child < 0)
			continue;
		more = reallocarray(*stack, *depth + 1, sizeof **stack);
		if (!more) {
			(void)close(child);
			r = -ENOMEM;
			break;
		}
		*stack = more;
		(*stack)[(*depth)++] = child;
		++*seen;
	}
	(void)closedir(dir);
	return r;
}

int walk_groups(int dirfd, int (*each)(int groupfd, void *data), void *data)
{
	_cleanup_free_ int *stack = NULL;
	unsigned depth = 0, seen = 0;
	int r = each(dirfd, data);

	if (r == 0)
		r = push_children(dirfd, &stack, &depth, &seen);
	while (depth) {
		int fd = stack[--depth];

		if (r == 0)
			r = each(fd, data);
		if (r == 0)
			r = push_children(fd, &stack, &depth, &seen);
		(void)close(fd);
	}
	return r;
}
