/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/base/process.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/file.h"

bool process_first_word(const char *proc, pid_t pid, char word[PROCESS_WORD_MAX])
{
	char path[64], text[4096];
	ssize_t n;

	(void)snprintf(path, sizeof path, "%s/%d/cmdline", proc, (int)pid);
	n = file_read_small(AT_FDCWD, path, text, sizeof text);
	if (n == -EFBIG) /* the first is there all the same */
		n = (ssize_t)sizeof text - 1;
	if (n <= 0)
		return false;
	(void)snprintf(word, PROCESS_WORD_MAX, "%.*s", PROCESS_WORD_MAX - 1, text);
	return true;
}

/* PF_FORKNOEXEC of the kernel's flags, the ninth of /proc/PID/stat: proc(5). */
bool process_has_executed(const char *proc, pid_t pid)
{
	static const unsigned fork_no_exec = 0x40;
	char path[64], text[1024], *end;
	unsigned flags;

	(void)snprintf(path, sizeof path, "%s/%d/stat", proc, (int)pid);
	if (file_read_small(AT_FDCWD, path, text, sizeof text) < 0)
		return false;
	end = strrchr(text, ')');
	return end && sscanf(end, ") %*c %*d %*d %*d %*d %*d %u", &flags) == 1 && !(flags & fork_no_exec);
}

pid_t process_status_number(const char *proc, pid_t pid, const char *name)
{
	char path[64], text[4096], *line;
	int number;

	(void)snprintf(path, sizeof path, "%s/%d/status", proc, (int)pid);
	if (file_read_small(AT_FDCWD, path, text, sizeof text) < 0)
		return -1;
	line = strstr(text, name);
	return line && sscanf(line + strlen(name), ":\t%d", &number) == 1 ? number : -1;
}
