/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shim CMD [ARG...]: runs CMD as an engine's shim runs `create`: its orphans, the container's first process among
 * them, become children of a process that stays and reaps them, with none of our descriptors open. Ends as CMD
 * does. (Where process 1 reaps nobody a container's exit status would never be told.) */
#include <fcntl.h>
#include <linux/close_range.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void stay(char **argv, int answer)
{
	int status = 0, null = open("/dev/null", O_RDWR | O_CLOEXEC);
	pid_t command, pid;

	(void)setsid();
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		_exit(1);
	command = fork();
	if (command == 0) {
		(void)close(answer);
		(void)close(null);
		(void)execvp(argv[0], argv);
		perror(argv[0]);
		_exit(127);
	}
	for (int fd = 0; fd < 3; fd++)
		(void)dup2(null, fd);
	if (answer != 3) {
		(void)dup2(answer, 3);
		answer = 3;
	}
	(void)syscall(SYS_close_range, 4U, ~0U, 0);
	while ((pid = wait(&status)) > 0) {
		if (pid != command)
			continue;
		(void)!write(answer, &status, sizeof status);
		(void)close(answer);
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	int ends[2], status = -1;

	if (argc < 2 || pipe2(ends, O_CLOEXEC) < 0)
		return 2;
	if (fork() == 0)
		stay(argv + 1, ends[1]);
	(void)close(ends[1]);
	if (read(ends[0], &status, sizeof status) != sizeof status)
		return 125;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
