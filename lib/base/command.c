/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs of others: spawned, waited for by their pidfd, and killed when their time is up. */
#include "lib/base/command.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

extern char **environ;

void command_clear(struct command *command)
{
	free(command->out);
	free(command->errors);
	*command = (struct command){0};
}

/* A file in memory that cannot grow beyond what is read back: who writes without end gets an error. */
static int open_output(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || (ftruncate(fd, COMMAND_TEXT_MAX) == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_GROW) == 0))
		return fd;
	(void)close(fd);
	return -1;
}

static char *read_back(int fd)
{
	_cleanup_free_ char *text = malloc(COMMAND_TEXT_MAX + 1);
	ssize_t n = text ? pread(fd, text, COMMAND_TEXT_MAX, 0) : -1;

	if (n < 0)
		return NULL;
	text[n] = '\0';
	return strdup(text);
}

static int spawn(const char *const *argv, int out, int errors, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	int code = posix_spawn_file_actions_init(&actions);

	if (code)
		return -code;
	code = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (!code)
		code = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	if (!code)
		code = posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
	if (!code)
		code = posix_spawnp(ret_pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	return -code;
}

/* False when it had to be killed. */
static bool wait_for(pid_t pid, int seconds, int *ret_status)
{
	_cleanup_close_ int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd ready = {.fd = pidfd, .events = POLLIN};
	bool in_time = true;
	int status = 0;

	if (pidfd >= 0 && poll(&ready, 1, seconds * 1000) == 0) {
		in_time = false;
		(void)syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	*ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return in_time;
}

int command_run(const char *const *argv, int seconds, struct command *ret_command, struct error *err)
{
	_cleanup_close_ int out = open_output("stint-out");
	_cleanup_close_ int errors = open_output("stint-errors");
	_cleanup_command_ struct command command = {0};
	pid_t pid;
	int r;

	if (out < 0 || errors < 0)
		return error_errno(err, errno, "run %s: make a file in memory", argv[0]);
	r = spawn(argv, out, errors, &pid);
	if (r == -ENOENT)
		return error_set(err, ENOENT, "run %s: there is no such program in PATH", argv[0]);
	if (r < 0)
		return error_errno(err, -r, "run %s", argv[0]);
	if (!wait_for(pid, seconds, &command.status))
		return error_set(err, ETIMEDOUT, "run %s %s: it had not ended after %d s, and was killed", argv[0],
				 argv[1] ? argv[1] : "", seconds);
	command.out = read_back(out);
	command.errors = read_back(errors);
	if (!command.out || !command.errors)
		return error_set(err, ENOMEM, "run %s: out of memory", argv[0]);
	*ret_command = command;
	command = (struct command){0};
	return 0;
}

/* The line in which a program says why: the last one that begins with its name or "Error", else the last of all. */
static const char *reason(char *text, const char *program)
{
	const char *said = NULL, *last = "";
	char *rest = text;

	for (char *line; (line = strsep(&rest, "\n"));) {
		if (!*line)
			continue;
		last = line;
		if (strncmp(line, program, strlen(program)) == 0 || strncmp(line, "Error", 5) == 0)
			said = line;
	}
	return said ? said : last;
}

int command_check(const char *const *argv, int seconds, struct command *ret_command, struct error *err)
{
	_cleanup_command_ struct command command = {0};
	int r = command_run(argv, seconds, &command, err);

	if (r < 0)
		return r;
	if (command.status)
		return error_set(err, EIO, "run %s: exit status %d: %.700s", argv[0], command.status,
				 reason(command.errors[0] ? command.errors : command.out, argv[0]));
	*ret_command = command;
	command = (struct command){0};
	return 0;
}
