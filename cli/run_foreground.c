/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stint run, once everything is prepared: the runtime as a child in the foreground, the monitor beside
 * it. The two start at the same time; should the monitor not get ready, the runtime is killed.
 */
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "cli/cli.h"
#include "cli/run.h"
#include "lib/base/file.h"
#include "lib/launch/control.h"
#include "lib/launch/network.h"
#include "lib/report/journal.h"
#include "lib/report/report.h"

struct foreground {
	const struct host *host;
	struct launch *launch;
	const char *id, *runtime;
	pid_t child;
	int signals, pipe; /* signalfd; what the monitor says */
	int log;	   /* the runtime's; held, since its directory goes when the monitor is done */
	bool ended;	   /* the runtime, which is reaped then */
	int status;	   /* its wait status */
	char *failure;	   /* what the runtime logged when it could not start the container */
	struct error unwatched; /* why there was no monitor to be had */
	unsigned networks;	/* how often stint-network was brought back */
};

static const int forwarded[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGCONT, SIGWINCH};

static int open_signals(sigset_t *ret_before)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	for (size_t i = 0; i < ARRAY_SIZE(forwarded); i++)
		(void)sigaddset(&set, forwarded[i]);
	(void)sigprocmask(SIG_BLOCK, &set, ret_before);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Nothing of ours but the standard descriptors reaches the runtime. By posix_spawn, which copies no address space. */
static int start_runtime(struct foreground *f, const sigset_t *signals, struct error *err)
{
	char log[PATH_MAX + 16];
	const char *argv[] = {f->runtime, "--log", log, "--log-format", "json", "run", "--bundle",
			      f->launch->bundle, "--pid-file", f->launch->pid_file, f->id, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int r;

	(void)snprintf(log, sizeof log, "%.*s/log", (int)(strlen(f->launch->bundle) - strlen("/bundle")),
		       f->launch->bundle);
	(void)posix_spawnattr_init(&attributes);
	(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	(void)posix_spawnattr_setsigmask(&attributes, signals);
	(void)posix_spawn_file_actions_init(&actions);
	r = posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
	if (r == 0)
		r = posix_spawn(&f->child, f->runtime, &actions, &attributes, (char *const *)(uintptr_t)argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)posix_spawnattr_destroy(&attributes);
	return r == 0 ? 0 : error_errno(err, r, "execute the runtime %s", f->runtime);
}

static int start_monitor(struct foreground *f, struct error *err)
{
	/* The runtime may not have got as far as a container yet: the monitor has to know when it never will. */
	_cleanup_close_ int runtime = f->ended ? -1 : (int)syscall(SYS_pidfd_open, f->child, 0);
	int r;

	if (runtime < 0 && !f->ended)
		return error_errno(err, errno, "hold the runtime by a pidfd");
	r = monitor_start(f->host, f->launch->key, runtime, false, &f->pipe, err);
	if (r == 0)
		(void)fcntl(f->pipe, F_SETFL, O_NONBLOCK);
	return r;
}

/* From the terminal's keys a signal comes to the whole foreground group, the runtime too. */
static void forward(const struct foreground *f, const struct signalfd_siginfo *info)
{
	if (info->ssi_code != SI_KERNEL)
		(void)kill(f->child, (int)info->ssi_signo); /* our child, not reaped: its own pid */
}

/* True when the runtime has ended. */
static bool read_signals(struct foreground *f)
{
	struct signalfd_siginfo info;
	while (read(f->signals, &info, sizeof info) == (ssize_t)sizeof info) {
		if (info.ssi_signo != SIGCHLD)
			forward(f, &info);
		else if (waitpid(f->child, &f->status, WNOHANG) == f->child)
			f->ended = true;
	}
	return f->ended;
}

/* What the monitor, or the recorder, says, a line each. False at the end: it is gone, with both its processes. */
static bool print_lines(const struct foreground *f, int pipe)
{
	char text[4096];
	ssize_t n = read(pipe, text, sizeof text - 1);

	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	text[n] = '\0';
	for (char *save = NULL, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		fprintf(stderr, "stint: %s: %s\n", f->id, line);
	return true;
}

/* Both of the monitor's processes were killed at once. */
static void bring_back(struct foreground *f)
{
	f->pipe = close_fd(f->pipe);
	if (atomic_load(&f->launch->ledger->finished) || start_monitor(f, &f->unwatched) == 0)
		return;
	fprintf(stderr, "stint: %s: %s\n", f->id, f->unwatched.text);
	if (unwatched_kill(f->launch))
		fprintf(stderr, "stint: %s: the container is killed: it would run on unwatched\n", f->id);
}

/* The monitor says when it was killed. Not for ever: what kills it may do so again. */
static void bring_network_back(struct foreground *f)
{
	enum { TIMES = 3 };

	if (f->networks < TIMES && network_bring_back(f->host, f->launch->key, f->launch->state_fd, f->launch->ledger, NULL) != 0)
		f->networks++;
}

static void wait_for_runtime(struct foreground *f)
{
	enum { LOOKS = 4, LOOK_MS = 50 }; /* what dies holds its lock a moment longer than its connection to the monitor */
	int looks = 0;

	for (;;) {
		struct pollfd fds[2] = {{.fd = f->signals, .events = POLLIN}, {.fd = f->pipe, .events = POLLIN}};

		if (poll(fds, 2, looks ? LOOK_MS : -1) < 0)
			continue;
		if (fds[1].revents && !print_lines(f, f->pipe))
			bring_back(f);
		else if (fds[1].revents && f->launch->ledger->plan.network)
			looks = LOOKS;
		if (looks) {
			looks--;
			bring_network_back(f);
		}
		if (fds[0].revents && read_signals(f))
			return;
	}
}

static void run_and_wait(const char *const *argv)
{
	pid_t pid = fork();

	if (pid == 0) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		(void)dup2(null, 1);
		(void)dup2(null, 2);
		(void)syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
		(void)execv(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	if (pid > 0)
		(void)waitpid(pid, NULL, 0);
}

/* The runtime's `run` was killed: what it left is not ours to leave behind. */
static void clear_after_runtime(const struct foreground *f)
{
	const char *argv[] = {f->runtime, "delete", "--force", f->id, NULL};

	fprintf(stderr, "stint: %s: the runtime was killed by signal %d; its container is killed too\n", f->id,
		WTERMSIG(f->status));
	(void)control_call(f->launch->state_fd, CONTROL_KILL, WTERMSIG(f->status), 10000, NULL);
	run_and_wait(argv);
}

/* A line of the log's own format; an error in it is the latest one. */
static bool take_logged(struct foreground *f, const char *line, size_t length)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	const char *level, *message;

	if (json_parse("the runtime's log", line, length, &doc, NULL) < 0)
		return false;
	level = json_string(json_get(json_root(doc), "level"));
	message = json_string(json_get(json_root(doc), "msg"));
	if (!level || !message || !json_get(json_root(doc), "time"))
		return false;
	if (f->status != 0 && (strcmp(level, "error") == 0 || strcmp(level, "fatal") == 0)) {
		free(f->failure);
		f->failure = strdup(message);
	}
	return true;
}

/* What of it is no log line the container wrote to its terminal: crun that finds the container ended before it began to
 * copy (1.8.1, flush_fd_to_err) "logs" the rest, with one line's end too many. */
static void read_log(struct foreground *f)
{
	enum { LOG_MAX = 1 << 20 };
	_cleanup_free_ char *text = NULL;
	size_t length;

	if (f->log < 0 || file_read_fd(f->log, "the runtime's log", LOG_MAX, &text, &length, NULL) < 0)
		return;
	for (char *line = text, *end = text + length, *next; line < end; line = next) {
		char *newline = memchr(line, '\n', (size_t)(end - line));
		size_t size = (size_t)((newline ? newline : end) - line);

		next = line + size + (newline != NULL);
		if (!take_logged(f, line, size) && (next < end || size))
			(void)write_all(STDOUT_FILENO, line, (size_t)(next - line));
	}
}

/* Until the report is final and everything is cleared away. */
static void wait_for_monitor(struct foreground *f)
{
	struct ledger *ledger = f->launch->ledger;

	for (int tries = 0; tries < 50 && !atomic_load(&ledger->finished); tries++) {
		int r = control_call(f->launch->state_fd, CONTROL_END, f->status, -1, NULL);

		if (r == 0 || atomic_load(&ledger->finished))
			break;
		/* A standby takes over within a moment; with none left a new one is started. */
		if (tries > 2 && !ledger_watched(f->launch->ledger_fd)) {
			bring_back(f);
			if (f->pipe < 0)
				break;
		}
		(void)usleep(2000);
	}
	if (!atomic_load(&ledger->finished))
		unwatched_end(f->launch, f->status, f->unwatched.text);
	if (f->pipe >= 0)
		while (print_lines(f, f->pipe) && errno != EAGAIN)
			errno = 0;
}

/* It writes the last of it when the monitor has cleared away. */
static void wait_for_recorder(const struct foreground *f)
{
	enum { PATIENCE_MS = 10000 };
	struct pollfd wait = {.fd = f->launch->recorder, .events = POLLIN};

	while (wait.fd >= 0 && poll(&wait, 1, PATIENCE_MS) == 1 && print_lines(f, wait.fd))
		;
}

/* Our child, unless a standby took over; it is about to end. */
static void reap_monitor(struct foreground *f)
{
	struct pollfd wait = {.fd = f->pipe, .events = 0};

	if (f->pipe >= 0)
		(void)poll(&wait, 1, 1000); /* hung up: gone */
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

/* As `docker run`: the runtime's own words tell apart what it could not execute. */
static int status_of_failure(const struct foreground *f)
{
	const char *text = f->failure ? f->failure : "";

	/* The runtime has said why, or, where it was a hook of ours, that has. */
	if (f->launch->ledger->network.failure[0])
		fprintf(stderr, "stint: %s: %s\n", f->id, f->launch->ledger->network.failure);
	fprintf(stderr, "stint: %s: the container could not be started\n", f->id);
	if (f->launch->ledger->network.failure[0])
		return EXIT_STINT;
	if (strcasestr(text, "permission denied") || strcasestr(text, "operation not permitted") || strcasestr(text, "exec format error") ||
	    strcasestr(text, "is a directory"))
		return EXIT_NOT_EXECUTABLE;
	if (strcasestr(text, "executable file") || strcasestr(text, "no such file or directory"))
		return EXIT_NOT_FOUND;
	return EXIT_STINT;
}

static int conclude(const struct foreground *f, bool report_to_stdout)
{
	const struct ledger *ledger = f->launch->ledger;
	const struct ledger_state *state = ledger_current(ledger);
	uint32_t length = atomic_load(&ledger->report_length);
	_cleanup_json_ struct json_doc *doc = NULL;
	_cleanup_free_ char *verdict = NULL;

	if (!length || json_parse("the report", ledger->report, length, &doc, NULL) < 0) {
		fprintf(stderr, "stint: %s: there is no report: its monitor does not answer\n", f->id);
		return EXIT_STINT;
	}
	if (report_to_stdout)
		(void)!write(STDOUT_FILENO, ledger->report, length);
	if (report_verdict_text(json_root(doc), &verdict, NULL) == 0 && *verdict)
		fprintf(stderr, "stint: %s: %s\n", f->id, verdict);
	if (!journal_done(ledger))
		fprintf(stderr, "stint: %s: the report could not be written to %s; it is kept, and written when "
				"there is room\n", f->id, f->host->log_dir);
	if (!state->started_boot_ns && state->budget < 0)
		return status_of_failure(f);
	/* One that failed at its limit may have ended before it could be killed: it was stopped by its budget all the same. */
	if (state->killing_boot_ns || (state->budget >= 0 && state->action == ACTION_KILL))
		return EXIT_KILLED;
	if (WIFSIGNALED(f->status))
		return EXIT_STINT;
	return state->exit_known ? state->exit_code : WEXITSTATUS(f->status);
}

/* A monitor clears away itself. */
static void let_go(struct launch *launch)
{
	if (!atomic_load(&launch->ledger->finished) && journal_done(launch->ledger))
		launch_undo(launch);
	else
		launch_close(launch);
}

/* The monitor did not get ready: the container must not run unwatched. */
static void give_up(struct foreground *f, const struct error *why)
{
	const char *argv[] = {f->runtime, "delete", "--force", f->id, NULL};

	(void)kill(f->child, SIGKILL);
	(void)waitpid(f->child, &f->status, 0);
	run_and_wait(argv);
	unwatched_end(f->launch, f->status, why->text);
	let_go(f->launch);
	(void)close_fd(f->signals);
	(void)close_fd(f->log);
}

int run_foreground(const struct host *host, struct launch *launch, const char *id, const char *runtime,
		   bool report_to_stdout)
{
	struct foreground f = {.host = host, .launch = launch, .id = id, .runtime = runtime, .pipe = -1};
	struct error err = {0};
	sigset_t before;
	int status, r;

	f.log = openat(launch->state_fd, "log", O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	f.signals = open_signals(&before);
	if (f.signals < 0)
		r = error_errno(&err, errno, "wait for signals");
	else
		r = start_runtime(&f, &before, &err);
	if (r < 0) {
		launch_undo(launch);
		return cli_fail(EXIT_STINT, &err);
	}
	if (start_monitor(&f, &err) < 0) {
		give_up(&f, &err);
		return cli_fail(EXIT_STINT, &err);
	}
	wait_for_runtime(&f);
	read_log(&f);
	if (WIFSIGNALED(f.status))
		clear_after_runtime(&f);
	wait_for_monitor(&f);
	wait_for_recorder(&f);
	status = conclude(&f, report_to_stdout);
	reap_monitor(&f);
	(void)close_fd(f.pipe);
	(void)close_fd(f.signals);
	(void)close_fd(f.log);
	let_go(launch);
	free(f.failure);
	return status;
}
