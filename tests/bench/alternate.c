/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * alternate ROUNDS WARM-UP PAUSE -- COMMAND [ARG...] -- COMMAND [ARG...] ...
 *
 * Runs the commands one after another, in turn, ROUNDS times, so that what else happens on the machine
 * meets all of them alike; each round begins with the next one. Before each is a pause of
 * PAUSE milliseconds. A line for each run: the command's number,
 * from 0, and the nanoseconds from before its fork until it was reaped. %N in an argument is the
 * round's number. Rounds of WARM-UP come first and are not printed. Their standard output goes to
 * /dev/null; a command that fails ends everything.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { COMMANDS_MAX = 16, ARGS_MAX = 32 };

extern char **environ;

struct command {
	char *argv[ARGS_MAX + 1];
	int argc;
};

static uint64_t now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

static void fail(const char *what, const char *on)
{
	fprintf(stderr, "alternate: %s %s\n", what, on);
	exit(1);
}

static int parse(int argc, char **argv, struct command *commands)
{
	int count = 0;

	for (int i = 4; i < argc; i++) {
		struct command *last = count ? &commands[count - 1] : NULL;

		if (strcmp(argv[i], "--") == 0) {
			if (++count > COMMANDS_MAX)
				fail("too many commands at", argv[i + 1]);
		} else if (!last || last->argc == ARGS_MAX) {
			fail("cannot place argument", argv[i]);
		} else {
			last->argv[last->argc++] = argv[i];
		}
	}
	return count;
}

/* With the round's number in it. */
static char *expand(const char *argument, long round)
{
	const char *mark = strstr(argument, "%N");
	char *text = NULL;
	int n = mark ? asprintf(&text, "%.*s%ld%s", (int)(mark - argument), argument, round, mark + 2) :
		       asprintf(&text, "%s", argument);

	if (n < 0)
		fail("out of memory at", argument);
	return text;
}

static uint64_t run(const struct command *command, long round, const posix_spawn_file_actions_t *actions)
{
	char *argv[ARGS_MAX + 1] = {NULL};
	uint64_t start;
	pid_t pid;
	int status, r;

	for (int i = 0; i < command->argc; i++)
		argv[i] = expand(command->argv[i], round);
	start = now();
	r = posix_spawnp(&pid, argv[0], actions, NULL, argv, environ);
	if (r)
		fail(strerror(r), argv[0]);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			fail("cannot wait for", argv[0]);
	start = now() - start;
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		fail("a run failed:", argv[0]);
	for (int i = 0; i < command->argc; i++)
		free(argv[i]);
	return start;
}

int main(int argc, char **argv)
{
	static struct command commands[COMMANDS_MAX];
	posix_spawn_file_actions_t actions;
	long rounds, warm_up, pause_ms;
	int count;

	if (argc < 6)
		fail("usage:", "ROUNDS WARM-UP PAUSE -- COMMAND [ARG...] ...");
	rounds = strtol(argv[1], NULL, 10);
	warm_up = strtol(argv[2], NULL, 10);
	pause_ms = strtol(argv[3], NULL, 10);
	count = parse(argc, argv, commands);
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	(void)posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	for (long round = 0; round < rounds + warm_up; round++) {
		for (int i = 0; i < count; i++) {
			int which = (int)((round + i) % count);
			uint64_t took;

			(void)usleep((useconds_t)pause_ms * 1000);
			took = run(&commands[which], round, &actions);

			if (round >= warm_up)
				printf("%d %llu\n", which, (unsigned long long)took);
		}
	}
	return 0;
}
