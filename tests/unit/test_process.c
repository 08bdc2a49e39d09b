/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What /proc says of a process. */
#include <criterion/criterion.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/process.h"

static void end(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

Test(process, that_was_forked_has_executed_when_it_has)
{
	pid_t forked = fork(), executed;
	char word[PROCESS_WORD_MAX] = "";

	if (forked == 0) {
		(void)pause();
		_exit(0);
	}
	executed = fork();
	if (executed == 0) {
		(void)execl("/bin/sleep", "the first (word)", "100", NULL);
		_exit(1);
	}
	/* Its command line comes a moment after. */
	for (int i = 0; i < 5000 && !(process_has_executed("/proc", executed) && process_first_word("/proc", executed, word)); i++)
		(void)usleep(1000);
	cr_expect(process_has_executed("/proc", executed));
	cr_expect_not(process_has_executed("/proc", forked));
	cr_expect(process_first_word("/proc", executed, word));
	cr_expect_str_eq(word, "the first (word)");
	cr_expect_eq(process_status_number("/proc", forked, "PPid"), getpid());
	end(forked);
	end(executed);
}

Test(process, that_is_gone_says_nothing)
{
	char word[PROCESS_WORD_MAX] = "";
	pid_t gone = fork();

	if (gone == 0)
		_exit(0);
	end(gone);
	cr_expect_not(process_has_executed("/proc", gone));
	cr_expect_not(process_first_word("/proc", gone, word));
	cr_expect_eq(process_status_number("/proc", gone, "PPid"), -1);
}
