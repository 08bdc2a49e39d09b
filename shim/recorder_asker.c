/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The filter is loaded in the runtime's process, which has the runtime's command line until it executes the container's program. (That
 * can be read without a capability, which where its program lies cannot.)
 */
#include "shim/recorder_asker.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/file.h"

enum { GROUPS_TEXT_MAX = 8192, PARENTS_MAX = 8 };

/* In that group, in some hierarchy, or below it. */
static bool is_in(const char *groups, const char *group)
{
	size_t length = strlen(group);

	for (const char *line = groups; line; line = strchr(line, '\n')) {
		const char *path = strchr(line, ':');

		path = path ? strchr(path + 1, ':') : NULL;
		if (!path)
			return false;
		if (strncmp(path + 1, group, length) == 0 && strchr("/\n", path[1 + length]))
			return true;
		line = path;
	}
	return false;
}

/* The first that is not everybody's. */
static void take_group(struct askers *askers, const char *groups)
{
	for (const char *line = groups; (line = strchr(line, '/')) && !askers->group[0]; line++) {
		size_t length = strcspn(line, "\n");

		if (length > 1 && length < sizeof askers->group)
			(void)snprintf(askers->group, sizeof askers->group, "%.*s", (int)length, line);
		line += length - 1;
	}
}

static bool read_groups(const struct askers *askers, pid_t process, char groups[GROUPS_TEXT_MAX])
{
	char path[64];

	(void)snprintf(path, sizeof path, "%s/%d/cgroup", askers->proc, (int)process);
	return process > 0 && file_read_small(AT_FDCWD, path, groups, GROUPS_TEXT_MAX) >= 0;
}

bool asker_is_of_container(struct askers *askers, const struct listener *listener, pid_t thread)
{
	pid_t process = process_status_number(askers->proc, thread, "Tgid");
	/* Where all is asked for, the first to ask is who has loaded the filter, and no child of his. */
	bool named = askers->refusals || !listener->handed.process || listener->handed.process == process;
	char groups[GROUPS_TEXT_MAX];

	if (!named || !read_groups(askers, process, groups))
		return false;
	if (!askers->group[0])
		take_group(askers, groups);
	return is_in(groups, askers->group);
}

/* A runtime forked it, and not one of the container's. One whose parent has just ended is another's by the next look. */
static bool came_from_outside(const struct askers *askers, pid_t thread)
{
	char groups[GROUPS_TEXT_MAX];

	for (int i = 0; i < PARENTS_MAX; i++)
		if (read_groups(askers, process_status_number(askers->proc, thread, "PPid"), groups))
			return !is_in(groups, askers->group);
	return false;
}

/* crun's `exec` does not say which process it is, and may be gone before it could be asked for its name. */
static bool is_on_its_way(const struct askers *askers, const struct handed *handed, pid_t thread)
{
	return !handed->process && !handed->runtime[0] && !process_has_executed(askers->proc, thread) && came_from_outside(askers, thread);
}

bool asker_is_runtimes(struct askers *askers, struct listener *listener, pid_t thread)
{
	struct handed *handed = &listener->handed;
	char word[PROCESS_WORD_MAX];

	/* Where all is asked for, the first call is the runtime's, whatever that calls itself. */
	if (!listener->is_right && (!askers->refusals || is_on_its_way(askers, handed, thread)))
		(void)process_first_word(askers->proc, thread, handed->runtime);
	listener->with_runtime =
		listener->with_runtime && process_first_word(askers->proc, thread, word) && strcmp(word, handed->runtime) == 0;
	return listener->with_runtime;
}

void asker_program(const struct askers *askers, pid_t thread, char program[PROGRAM_NAME])
{
	pid_t process = process_status_number(askers->proc, thread, "Tgid");
	char path[64], text[64];

	(void)snprintf(path, sizeof path, "%s/%d/comm", askers->proc, (int)process);
	if (process <= 0 || file_read_small(AT_FDCWD, path, text, sizeof text) < 0)
		text[0] = '\0';
	(void)snprintf(program, PROGRAM_NAME, "%.*s", PROGRAM_NAME - 1, text);
}
