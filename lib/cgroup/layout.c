/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which hierarchies are mounted, and where. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/file.h"
#include "lib/base/mountinfo.h"
#include "lib/cgroup/internal.h"

const char *const cgroup_mode_names[] = {"v1", "hybrid", "v2"};

const char *const controller_names[CONTROLLER_COUNT] = {"cpu", "cpuacct", "cpuset", "memory", "pids", "blkio", "freezer"};

unsigned controllers_of(const char *options)
{
	unsigned set = 0;

	while (*options) {
		size_t length = strcspn(options, ",");

		for (unsigned c = 0; c < CONTROLLER_COUNT; c++)
			if (strlen(controller_names[c]) == length && strncmp(options, controller_names[c], length) == 0)
				set |= 1u << c;
		options += length + (options[length] == ',');
	}
	return set;
}

/* Beside each hierarchy, while reading: its device, and whether the mount is of all of it. */
struct mounts {
	struct cgroup_layout layout;
	char devices[HIERARCHY_MAX][24];
	bool whole[HIERARCHY_MAX];
};

static int find_known(const struct mounts *mounts, const struct hierarchy *h, const char *device)
{
	for (int i = 0; i < mounts->layout.count; i++) {
		const struct hierarchy *other = &mounts->layout.hierarchies[i];

		if (strcmp(mounts->devices[i], device) == 0 || (h->unified && other->unified) ||
		    (h->controllers && other->controllers == h->controllers))
			return i;
	}
	return -1;
}

/* Mounted a second time elsewhere: the first will do, unless it is of a part only. */
static void add_hierarchy(struct mounts *mounts, const struct hierarchy *h, const char *device, bool whole)
{
	int i = find_known(mounts, h, device);

	if (i < 0) {
		if (mounts->layout.count == HIERARCHY_MAX)
			return;
		i = mounts->layout.count++;
	} else if (mounts->whole[i] || !whole) {
		return;
	}
	mounts->layout.hierarchies[i] = *h;
	mounts->whole[i] = whole;
	(void)snprintf(mounts->devices[i], sizeof mounts->devices[i], "%s", device);
}

static void take_mount(const struct mount *mount, void *data)
{
	struct mounts *mounts = data;
	struct hierarchy h = {.unified = strcmp(mount->type, "cgroup2") == 0};
	const char *name;

	if ((!h.unified && strcmp(mount->type, "cgroup") != 0) || strlen(mount->device) >= sizeof mounts->devices[0] ||
	    strlen(mount->point) >= sizeof h.path)
		return;
	memcpy(h.path, mount->point, strlen(mount->point) + 1);
	h.controllers = h.unified ? 0 : controllers_of(mount->options);
	name = strstr(mount->options, "name=");
	if (name)
		(void)snprintf(h.name, sizeof h.name, "%.*s", (int)strcspn(name, ","), name);
	add_hierarchy(mounts, &h, mount->device, strcmp(mount->root, "/") == 0);
}

/* v2's controllers are not in its mount options but in its root. */
static void unified_controllers(struct hierarchy *h)
{
	char text[1024], list[1024], *save = NULL;
	_cleanup_close_ int fd = open(h->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t length = 0;

	if (fd < 0 || file_read_small(fd, "cgroup.controllers", text, sizeof text) <= 0)
		return;
	for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save))
		length += (size_t)snprintf(list + length, sizeof list - length, "%s,", strcmp(word, "io") == 0 ? "blkio" : word);
	if (length)
		h->controllers = controllers_of(list) | (controllers_of(list) & 1u << CONTROLLER_CPU ? 1u << CONTROLLER_CPUACCT : 0) |
				 1u << CONTROLLER_FREEZER;
}

static int decide_mode(const struct host *host, struct cgroup_layout *layout, struct error *err)
{
	int unified = -1, v1 = 0;

	for (int i = 0; i < layout->count; i++) {
		if (layout->hierarchies[i].unified)
			unified = i;
		else if (layout->hierarchies[i].controllers)
			v1++;
	}
	if (unified < 0 && !v1)
		return error_set(err, ENODEV, "find the control groups: none are mounted (%s/self/mountinfo)", host->proc);
	layout->mode = unified < 0 ? CGROUP_V1 : v1 ? CGROUP_HYBRID : CGROUP_V2;
	if (layout->mode == CGROUP_V2)
		unified_controllers(&layout->hierarchies[unified]);
	return 0;
}

int cgroup_layout_read(const struct host *host, struct cgroup_layout *ret_layout, struct error *err)
{
	struct mounts mounts = {0};
	int r = mountinfo_each(host, take_mount, &mounts, err);

	if (r < 0) {
		(void)error_prefix(err, "find the control groups");
		return r;
	}
	r = decide_mode(host, &mounts.layout, err);
	if (r < 0)
		return r;
	*ret_layout = mounts.layout;
	return 0;
}

int cgroup_path_check(const char *path, struct error *err)
{
	size_t length = strnlen(path, 1025);

	if (length == 0 || length > 1024)
		return error_set(err, EINVAL, "the cgroup path is empty or longer than 1024 bytes");
	while (*path) {
		size_t part;

		path += *path == '/';
		part = strcspn(path, "/");
		if (part == 0 || part > 255 || (part == 1 && path[0] == '.') ||
		    (part == 2 && path[0] == '.' && path[1] == '.'))
			return error_set(err, EINVAL, "the cgroup path has a component that is empty, \".\", \"..\" or too long");
		for (size_t i = 0; i < part; i++)
			if ((unsigned char)path[i] < 0x20 || path[i] == 0x7f)
				return error_set(err, EINVAL, "the cgroup path has a control character in it");
		path += part;
	}
	return 0;
}
