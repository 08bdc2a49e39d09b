/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tree: a container's first process with descendants in every state that makes killing them hard. Says "ready N"
 * when the N of them are there, and waits. */
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void stay(void)
{
	for (;;)
		(void)pause();
}

static void deaf(void)
{
	for (int signal_number = 1; signal_number < 32; signal_number++)
		(void)signal(signal_number, SIG_IGN);
	stay();
}

static void orphan_in_its_own_session(void)
{
	(void)setsid();
	if (fork() == 0) {
		(void)setsid();
		deaf();
	}
	_exit(0);
}

/* Its parent is stopped inside vfork(2) for as long as it lives. */
static void held_by_vfork(void)
{
	if (vfork() == 0)
		stay();
	stay();
}

static void stopped_by_its_tracer(void)
{
	pid_t child = fork();

	if (child == 0) {
		(void)ptrace(PTRACE_TRACEME, 0, 0, 0);
		(void)raise(SIGSTOP);
		stay();
	}
	(void)waitpid(child, NULL, WUNTRACED); /* and never lets it go on */
	stay();
}

static void stopped(void)
{
	(void)raise(SIGSTOP);
	stay();
}

static void zombies(void)
{
	for (int i = 0; i < 10; i++)
		if (fork() == 0)
			_exit(0);
	stay();
}

int main(void)
{
	static void (*const shapes[])(void) = {orphan_in_its_own_session, held_by_vfork, stopped_by_its_tracer,
					       stopped, zombies, deaf};
	enum { EACH = 8, COUNT = sizeof shapes / sizeof *shapes };
	struct timespec moment = {.tv_nsec = 200000000};

	for (int i = 0; i < EACH * COUNT; i++)
		if (fork() == 0)
			shapes[i % COUNT]();
	(void)nanosleep(&moment, NULL);
	printf("ready %d\n", EACH * COUNT);
	(void)fflush(stdout);
	deaf();
}
