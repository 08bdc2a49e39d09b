/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stint-monitor: watches one container.
 *
 * Theory of operation
 *
 * The launcher (stint-runtime, `stint run`, stint-hook) starts us with a socket to it on descriptor 3
 * and a pidfd of itself, which becomes the runtime, on 4. We let go of everything else we were
 * given and move to a group of our own. That may be while the launcher still plans: we wait until it says
 * that the state directory, the ledger with the plan in it, and the group above the container's own are there.
 * If it ends first, so do we. Then we open what we will need, drop our capabilities but the one to
 * signal, put a seccomp filter on ourselves, and write "ready" into the socket.
 *
 * From the container's first moment on there are two processes with the same descriptors and the same mapped ledger. The
 * monitor waits in epoll for: the deadline of the next look (a timerfd; nothing ticks), the group's
 * and the kernel limits' event files, the pidfds of init, of the launcher and of the standby, the
 * control socket, and the runtime's pid file. Each event leads to one look at the budgets, which
 * are decided by pure code (lib/budget/schedule.c). The standby waits on the monitor's pidfd alone.
 * When the monitor dies the standby is the monitor, with the ledger as it stood, and forks a new
 * standby. When both are killed at the same moment, `stint run`, or the next command of the engine, starts a
 * new monitor on the same ledger. (The kernel offers no dead man's switch here: what it sends when a file
 * is closed, F_SETSIG's signal, a PID namespace's init ignores, SIGKILL too.)
 *
 * At the end (init gone and the group empty) the counters of the group above, which nobody
 * but us removes, are final. The report is written into the ledger, then appended to the journal,
 * then everything is cleared away.
 */
#include "shim/monitor.h"
#include "shim/settle.h"

#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

enum { CHANNEL_FD = 3, LAUNCHER_FD = 4 };

static void answer(int fd, const char *text)
{
	char line[ERROR_TEXT_MAX + 2];
	int n = snprintf(line, sizeof line, "%s\n", text);

	/* Nobody to tell when this fails: the launcher sees the end of the channel. */
	if (write(fd, line, (size_t)n) < 0)
		_exit(1);
}

/* No signal ends the monitor's work but SIGKILL. Children are standbys, whose end their pidfd tells. */
static void ignore_signals(void)
{
	static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM,
				      SIGCHLD, SIGTSTP, SIGTTIN, SIGTTOU};

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		(void)signal(signals[i], SIG_IGN);
}

/* False: the launcher has ended, or planned nothing that is to be watched. */
static bool told_to_go_on(void)
{
	char byte;
	ssize_t n;

	do
		n = read(CHANNEL_FD, &byte, 1);
	while (n < 0 && errno == EINTR);
	(void)fcntl(CHANNEL_FD, F_SETFL, O_NONBLOCK); /* who does not listen to what we say later must not hold us up */
	return n == 1;
}

static int start(struct monitor *m, bool launched, struct error *err)
{
	int r = monitor_open(m, launched, err);

	if (r < 0)
		return r;
	r = monitor_confine(m, err);
	if (r < 0)
		return r;
	if (m->state.init)
		settle_be_prompt();
	/* Until there is a container, whoever starts it sees to it that we are there; but not a runtime that has
	 * taken its launcher's place and runs the container at once. */
	if (m->state.init || (m->ledger->plan.launcher == LAUNCHER_RUN && !m->ledger->plan.launcher_guards))
		guard_start(m);
	else
		atomic_store(&m->ledger->monitor, getpid());
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"root", required_argument, NULL, 'R'},
						{"launched", no_argument, NULL, 'l'},
						{"resume", no_argument, NULL, 'r'},
						{NULL, 0, NULL, 0}};
	struct monitor m = {.run_fd = -1, .state_fd = -1, .log_fd = -1, .lives_fd = -1, .ledger_fd = -1, .epoll = -1,
			    .notify = CHANNEL_FD, .pid_directory = -1, .client = -1};
	struct error err = {0};
	const char *root = "";
	char root_path[PATH_MAX];
	bool launched = false;
	pid_t self = getpid();
	int option, r;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'R')
			root = optarg;
		else if (option == 'l')
			launched = true;
		else if (option == '?')
			return 2;
	}
	if (optind != argc - 1) {
		fprintf(stderr, "stint-monitor watches a container for stint, which starts it.\n");
		return 2;
	}
	(void)umask(022);
	(void)prctl(PR_SET_DUMPABLE, 0);
	(void)setsid();
	ignore_signals();
	(void)snprintf(m.key, sizeof m.key, "%s", argv[optind]);
	(void)snprintf(root_path, sizeof root_path, "%s", root);
	m.words = argv[0];
	m.words_size = (size_t)(argv[argc - 1] + strlen(argv[argc - 1]) + 1 - argv[0]);
	for (int i = 0; i < SOURCE_COUNT; i++)
		m.fds[i] = -1;
	m.fds[SOURCE_LAUNCHER] = launched ? LAUNCHER_FD : -1;
	r = monitor_settle(&m, root_path, launched, &err);
	if (r == 0 && !told_to_go_on())
		return 0;
	if (r == 0)
		r = start(&m, launched, &err);
	if (r < 0) {
		(void)close_fd(m.ledger_fd); /* who undoes it must not find it watched */
		answer(CHANNEL_FD, err.text);
		return 1;
	}
	if (getpid() == self) { /* and no standby that has taken over */
		answer(CHANNEL_FD, "ready");
		if (launched && m.ledger->plan.launcher != LAUNCHER_HOOK) /* before a hook it has moved everything */
			monitor_hasten_runtime(&m);
	}
	monitor_watch(&m);
	return 0;
}
