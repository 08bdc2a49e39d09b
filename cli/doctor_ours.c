/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which of the programs that an engine names are stint's. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/doctor_engines.h"
#include "lib/base/cleanup.h"
#include "lib/launch/launch.h"

/* An engine passes no environment, so a second stint is behind a script that sets STINT_ROOT. */
static bool is_script_of(const char *path, const char *program)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char text[4096];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);

	if (n < 2)
		return false;
	text[n] = '\0';
	return text[0] == '#' && text[1] == '!' && strstr(text, program);
}

enum is_stint is_stint(const char *path, const char *program)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	bool named = strcmp(name, program) == 0;
	char ours[PATH_MAX];
	struct stat own, st;

	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode) || access(path, X_OK) < 0)
		return named || strncmp(name, "stint", 5) == 0 ? STINT_GONE : STINT_NOT;
	if (named || (program_path(program, ours, NULL) == 0 && stat(ours, &own) == 0 && own.st_dev == st.st_dev &&
		      own.st_ino == st.st_ino))
		return STINT_IS;
	return is_script_of(path, program) ? STINT_IS : STINT_NOT;
}
