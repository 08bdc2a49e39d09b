/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/base/mountinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/file.h"

enum { MOUNTINFO_MAX = 4 << 20 };

void mountinfo_unescape(char *text)
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

/* "36 35 98:0 /root /mount/point options - fstype source superoptions" */
static bool read_line(char *line, struct mount *mount)
{
	enum { DEVICE = 2, ROOT = 3, POINT = 4, FIELDS };
	char *separator = strstr(line, " - "), *fields[FIELDS] = {NULL}, *save = NULL;

	if (!separator)
		return false;
	*separator = '\0';
	for (int i = 0; i < FIELDS && (i == 0 || fields[i - 1]); i++)
		fields[i] = strtok_r(i == 0 ? line : NULL, " ", &save);
	mount->type = strtok_r(separator + 3, " ", &save);
	(void)strtok_r(NULL, " ", &save);
	mount->options = strtok_r(NULL, " ", &save);
	if (!fields[POINT] || !mount->type || !mount->options)
		return false;
	mountinfo_unescape(fields[POINT]);
	mount->device = fields[DEVICE];
	mount->root = fields[ROOT];
	mount->point = fields[POINT];
	return true;
}

int mountinfo_each(const struct host *host, void (*each)(const struct mount *mount, void *data), void *data,
		   struct error *err)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_close_ int fd = -1;
	char path[sizeof host->proc + 32], *save = NULL;
	struct mount mount;
	size_t length;
	int r;

	(void)snprintf(path, sizeof path, "%s/self/mountinfo", host->proc);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, errno, "open %s", path);
	r = file_read_fd(fd, path, MOUNTINFO_MAX, &text, &length, err);
	if (r < 0)
		return r;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (read_line(line, &mount))
			each(&mount, data);
	return 0;
}
