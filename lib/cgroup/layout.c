/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which hierarchies are mounted, and where. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/file.h"
#include "lib/cgroup/internal.h"

enum { MOUNTINFO_MAX = 4 << 20 };

const char *const cgroup_mode_names[] = {"v1", "hybrid", "v2"};

static const char *const controller_names[CONTROLLER_COUNT] = {"cpu", "cpuacct", "cpuset", "memory", "pids", "blkio",
							       "freezer"};

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

/* Undoes mountinfo's \040 and the like, in place. */
static void unescape(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (text[0] == '\\' && text[1] >= '0' && text[1] <= '3' && text[2] >= '0' && text[2] <= '7' &&
		    text[3] >= '0' && text[3] <= '7') {
			*to++ = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 | (text[3] - '0'));
			text += 3;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

static bool known(const struct cgroup_layout *layout, const struct hierarchy *h)
{
	for (int i = 0; i < layout->count; i++)
		if ((h->unified && layout->hierarchies[i].unified) ||
		    (h->controllers && layout->hierarchies[i].controllers == h->controllers))
			return true;
	return false;
}

/* "36 35 98:0 /root /mount/point options - fstype source superoptions" (proc(5)). */
static void take_line(struct cgroup_layout *layout, char *line)
{
	char *separator = strstr(line, " - "), *field = line, *save = NULL, *type, *options;
	struct hierarchy h = {0};

	if (!separator)
		return;
	*separator = '\0';
	for (int i = 0; i < 5; i++)
		field = strtok_r(i == 0 ? line : NULL, " ", &save);
	type = strtok_r(separator + 3, " ", &save);
	(void)strtok_r(NULL, " ", &save);
	options = strtok_r(NULL, " ", &save);
	if (!field || !type || !options || (strcmp(type, "cgroup") != 0 && strcmp(type, "cgroup2") != 0))
		return;
	unescape(field);
	if (strlen(field) >= sizeof h.path || layout->count == HIERARCHY_MAX)
		return;
	memcpy(h.path, field, strlen(field) + 1);
	h.unified = strcmp(type, "cgroup2") == 0;
	h.controllers = h.unified ? 0 : controllers_of(options);
	if (strstr(options, "name="))
		(void)snprintf(h.name, sizeof h.name, "%.*s", (int)strcspn(strstr(options, "name="), ","), strstr(options, "name="));
	if (!known(layout, &h)) /* mounted a second time elsewhere: the first will do */
		layout->hierarchies[layout->count++] = h;
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
	struct cgroup_layout layout = {0};
	_cleanup_free_ char *text = NULL;
	_cleanup_close_ int fd = -1;
	char path[sizeof host->proc + 32], *save = NULL;
	size_t length;
	int r;

	(void)snprintf(path, sizeof path, "%s/self/mountinfo", host->proc);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, errno, "find the control groups: open %s", path);
	r = file_read_fd(fd, path, MOUNTINFO_MAX, &text, &length, err);
	if (r < 0)
		return r;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		take_line(&layout, line);
	r = decide_mode(host, &layout, err);
	if (r < 0)
		return r;
	*ret_layout = layout;
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
