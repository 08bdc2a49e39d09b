/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stint-recorder: writes down what one run of a container asks of the kernel.
 *
 * Theory of operation
 *
 * The launcher (`stint run`, stint-runtime, stint-hook) starts us before the runtime, with a pipe on descriptor 3, when the
 * plan says that the run is to be recorded; `stint record start` does for a container that runs already. Three programs
 * and some tables are loaded into the kernel (recorder.bpf.c), which see every system call of the container's group from then on; we
 * write "ready" into the pipe, and the launcher goes on. When there is something new, the recording is written out as it
 * is, at most once a second: whatever becomes of us or the machine, what was seen until then is kept.
 *
 * The file "recording" in the container's state directory says that it is being recorded, and is locked as long as we live.
 * When somebody takes it away (the monitor, when the container has ended and before it writes the report; `stint record
 * stop`; who clears the directory away) the recording is over: it is written for the last time, and we end.
 */
#include <cap-ng.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>

#include "lib/base/cleanup.h"
#include "lib/base/command.h"
#include "lib/base/file.h"
#include "lib/base/units.h"
#include "lib/cgroup/cgroup.h"
#include "lib/doctor/version.h"
#include "lib/launch/launch.h"
#include "lib/record/model.h"
#include "lib/record/store.h"
#include "lib/state/ledger.h"
#include "shim/recorder.h"

enum { PIPE_FD = 3, LAUNCHER_FD = 4, SNAPSHOT_SECONDS = 1, VERSION_SECONDS = 5 };
enum source { SOURCE_NEWS, SOURCE_TIMER, SOURCE_STATE, SOURCE_SIGNAL, SOURCE_LAUNCHER, SOURCE_COUNT };

struct recorder_options {
	const char *root, *key, *workload;
	enum watch watch;
	pid_t launcher;
	bool launched, no_new_privileges;
};

struct recorder_process {
	struct host host;
	struct ledger *ledger;
	int ledger_fd;
	struct cgroup_layout layout;
	int state_fd, marker; /* the container's state directory, and "recording" in it */
	struct kernel_side *kernel;
	enum watch watch;
	struct model model; /* WATCH_COMPLAIN and WATCH_ENFORCE */
	struct json_doc *plan;
	struct seccomp_filter filter; /* WATCH_ENFORCE; in `plan` */
	struct needs reported; /* in the ledger as violations */
	int fds[SOURCE_COUNT], epoll;
	bool timer_set;
	char run[STORE_NAME_MAX];
	struct recording facts; /* without what was seen, which is read anew each time */
};

/* To whoever started us; false: he is gone. */
static bool say(const char *text)
{
	char line[ERROR_TEXT_MAX + 2];
	int n = snprintf(line, sizeof line, "%s\n", text);

	return write(PIPE_FD, line, (size_t)n) == n;
}

/* As in the monitor: nothing of the launcher's stays with us but the pipe and its pidfd. */
static int let_go(bool launched, struct error *err)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int i = 0; i < 3; i++)
		if (fd < 0 || dup2(fd, i) < 0)
			return error_errno(err, errno, "redirect the standard descriptors");
	(void)syscall(SYS_close_range, launched ? LAUNCHER_FD + 1U : PIPE_FD + 1U, ~0U, 0);
	(void)syscall(SYS_close_range, (unsigned)PIPE_FD, ~0U, CLOSE_RANGE_CLOEXEC);
	(void)fcntl(PIPE_FD, F_SETFL, O_NONBLOCK);
	if (chdir("/") < 0)
		return error_errno(err, errno, "change to /");
	(void)umask(022);
	(void)setsid();
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	return 0;
}

/* A container's limits and an engine's end are not ours. */
static int move_away(struct recorder_process *p, struct error *err)
{
	struct cgroup group = CGROUP_CLOSED(&p->layout);
	int r = cgroup_make(&p->host, &p->layout, MONITOR_GROUP, MONITOR_CONTROLLERS, false, &group, err);

	cgroup_close(&group);
	return r < 0 ? r : cgroup_enter(&p->host, &p->layout, MONITOR_GROUP, MONITOR_CONTROLLERS, err);
}

static int open_state(struct recorder_process *p, const char *key, struct error *err)
{
	_cleanup_close_ int run_fd = -1;
	int r = state_open(&p->host, &run_fd, err);

	if (r < 0)
		return r;
	p->state_fd = openat(run_fd, key, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (p->state_fd < 0)
		return error_errno(err, errno, "open the state of %s", key);
	r = ledger_open(p->state_fd, true, &p->ledger, &p->ledger_fd, err);
	if (r < 0)
		return r;
	p->marker = openat(p->state_fd, RECORDING_MARKER, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (p->marker >= 0 && flock(p->marker, LOCK_EX | LOCK_NB) == 0)
		return 0;
	return errno == EWOULDBLOCK ? error_set(err, EBUSY, "%s is being recorded already", p->ledger->plan.id) :
				      error_errno(err, errno, "say that %s is being recorded", p->ledger->plan.id);
}

/* Where the runtime is started: where we are, too, unless somebody else started us. Then who keeps the container, an
 * engine's shim, is in the engine's. */
static uint32_t mounts_of_runtime(pid_t container)
{
	char path[64], text[512], *end;
	pid_t parent = 0;
	struct stat st;

	(void)snprintf(path, sizeof path, "/proc/%d/stat", (int)container);
	if (container && file_read_small(AT_FDCWD, path, text, sizeof text) > 0 && (end = strrchr(text, ')')))
		(void)sscanf(end, ") %*c %d", &parent);
	if (parent)
		(void)snprintf(path, sizeof path, "/proc/%d/ns/mnt", (int)parent);
	else
		(void)snprintf(path, sizeof path, "/proc/self/ns/mnt");
	return stat(path, &st) == 0 ? (uint32_t)st.st_ino : 0;
}

/* The container's own group below ours, or ours, or what the launcher's children will be moved to. */
static int find_group(struct recorder_process *p, const struct recorder_options *options, struct recorded_group *ret,
		      struct error *err)
{
	const struct ledger_plan *plan = &p->ledger->plan;
	pid_t init = ledger_current(p->ledger)->init;
	struct cgroup group = CGROUP_CLOSED(&p->layout);
	struct stat st;
	int r = 0, fd;

	*ret = (struct recorded_group){.launcher = options->launcher, .runtime = options->launched ? init : 0,
					.runtime_mounts = mounts_of_runtime(options->launched ? 0 : init)};
	if (plan->nested)
		r = cgroup_open(&p->host, &p->layout, plan->cgroup_path, &group, err);
	else if (init)
		r = cgroup_open_of(&p->host, &p->layout, init, &group, err);
	else
		return options->launcher ? 0 : error_set(err, ESRCH, "record %s: its process is not known", plan->id);
	fd = r == 0 ? cgroup_unified_fd(&group) : -1;
	if (r == 0 && (fd < 0 || fstat(fd, &st) < 0))
		r = error_set(err, ENOTSUP, "record %s: its group is in no cgroup v2 tree, by which processes are told apart; "
			      "mount one: mount -t cgroup2 none /sys/fs/cgroup/unified", plan->id);
	cgroup_close(&group);
	if (r == 0)
		ret->id = (uint64_t)st.st_ino;
	return r;
}

static int state_the_facts(struct recorder_process *p, const struct recorder_options *options, struct error *err)
{
	const struct ledger_plan *plan = &p->ledger->plan;
	char started[TIME_TEXT_MAX];
	int r = recording_set(&p->facts.workload, options->workload, err);

	if (r == 0)
		r = recording_set(&p->facts.id, plan->id, err);
	if (r == 0 && plan->image[0])
		r = recording_set(&p->facts.image, plan->image, err);
	if (r == 0 && plan->runtime[0])
		r = recording_set(&p->facts.runtime, plan->runtime, err);
	if (r == 0)
		r = recording_set(&p->facts.started, time_format(p->host.realtime_ns(), started), err);
	p->facts.no_new_privileges = options->no_new_privileges;
	return r < 0 ? r : store_name_run(&p->host, plan->id, p->run, err);
}

/* What it is held against: the model, or the filter that the container gets. */
static int read_rules(struct recorder_process *p, const struct recorder_options *options, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t length;
	int r = 0;

	p->watch = options->watch;
	if (p->watch == WATCH_COMPLAIN || p->watch == WATCH_ENFORCE)
		r = model_read(&p->host, options->workload, &p->model, err);
	if (r < 0 || p->watch != WATCH_ENFORCE)
		return r;
	r = file_read(p->state_fd, "plan.json", JSON_MAX_BYTES, &text, &length, err);
	if (r == 0)
		r = json_parse("plan.json", text, length, &p->plan, err);
	return r < 0 ? r : seccomp_read(json_find(json_root(p->plan), "effective.seccomp"), &p->filter, err);
}

static int add_source(struct recorder_process *p, enum source source, int fd, struct error *err)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = source};

	p->fds[source] = fd;
	if (fd < 0 || epoll_ctl(p->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		return error_errno(err, errno, "wait for what there is to record");
	return 0;
}

static int open_sources(struct recorder_process *p, bool launched, struct error *err)
{
	char path[64];
	sigset_t set;
	int r;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	p->epoll = epoll_create1(EPOLL_CLOEXEC);
	r = add_source(p, SOURCE_STATE, inotify_init1(IN_CLOEXEC | IN_NONBLOCK), err);
	if (r == 0)
		r = add_source(p, SOURCE_TIMER, timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), err);
	if (r == 0)
		r = add_source(p, SOURCE_SIGNAL, signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), err);
	if (r == 0)
		r = add_source(p, SOURCE_NEWS, kernel_side_fd(p->kernel), err);
	if (r == 0 && launched)
		r = add_source(p, SOURCE_LAUNCHER, LAUNCHER_FD, err);
	if (r < 0)
		return r;
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", p->state_fd);
	if (inotify_add_watch(p->fds[SOURCE_STATE], path, IN_DELETE) < 0)
		return error_errno(err, errno, "watch the container's state directory");
	return 0;
}

/* Tables that are open can be read with CAP_BPF; the rest is root's own files. */
static int confine(struct error *err)
{
	capng_clear(CAPNG_SELECT_BOTH);
	(void)capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET, CAP_BPF);
	return capng_apply(CAPNG_SELECT_BOTH) < 0 ? error_set(err, EPERM, "drop the recorder's capabilities") : 0;
}

static int start(struct recorder_process *p, const struct recorder_options *options, struct error *err)
{
	struct recorded_group group;
	int r = let_go(options->launched, err);

	if (r == 0)
		r = host_init(&p->host, options->root, err);
	if (r == 0)
		r = cgroup_layout_read(&p->host, &p->layout, err);
	if (r == 0)
		r = move_away(p, err);
	if (r == 0)
		r = open_state(p, options->key, err);
	if (r == 0)
		r = find_group(p, options, &group, err);
	if (r == 0)
		r = state_the_facts(p, options, err);
	if (r == 0)
		r = read_rules(p, options, err);
	if (r == 0)
		r = kernel_side_start(&group, p->watch == WATCH_ENFORCE ? &p->filter : NULL, &p->kernel, err);
	if (r == 0)
		r = open_sources(p, options->launched, err);
	return r < 0 ? r : confine(err);
}

/* One that is stopped before has not been seen to its end. */
static bool has_ended(const struct recorder_process *p)
{
	return ledger_current(p->ledger)->ended_boot_ns != 0;
}

static int compile(struct recorder_process *p, bool over, struct recording *ret, struct error *err)
{
	char ended[TIME_TEXT_MAX];
	int r = recording_union((const struct recording *const[]){&p->facts}, 1, ret, err);

	if (r == 0)
		r = kernel_side_read(p->kernel, ret, err);
	if (r == 0 && over)
		r = recording_set(&ret->ended, time_format(p->host.realtime_ns(), ended), err);
	ret->complete = over && has_ended(p) && p->facts.complete && ret->lost == 0;
	return r;
}

/* --- what the model does not know --- */

/* The ledger's place for it, by which the report tells of it: each once, with how often. Beyond the last place they are only
 * counted: what a container does in great numbers costs nobody anything. */
static int report_violation(struct recorder_process *p, const struct need *need, unsigned count, bool denied, struct error *err)
{
	struct ledger_violations *told = &p->ledger->violations;
	uint32_t all = atomic_load(&told->count), i = 0;
	char text[NEED_TEXT_MAX];

	(void)need_text(need, text);
	while (i < all && i < LEDGER_VIOLATIONS_MAX && strcmp(told->list[i].need, text) != 0)
		i++;
	if (i < all && i < LEDGER_VIOLATIONS_MAX)
		told->list[i].count = count;
	if (needs_have(&p->reported, need))
		return 0;
	if (i < LEDGER_VIOLATIONS_MAX) {
		told->list[i] = (struct ledger_violation){.denied = denied, .count = count};
		(void)snprintf(told->list[i].need, sizeof told->list[i].need, "%s", text);
		(void)snprintf(told->list[i].program, sizeof told->list[i].program, "%s", need->program ? need->program : "");
	}
	atomic_store(&told->count, all + 1);
	return needs_add(&p->reported, need, err);
}

static int report_unknown(struct recorder_process *p, const struct needs *needs, struct error *err)
{
	int r = 0;

	for (unsigned i = 0; i < needs->count && r == 0; i++)
		if (!needs_cover(&p->model.needs.needs, &needs->list[i]))
			r = report_violation(p, &needs->list[i], 1, false, err);
	return r;
}

/* clone3 is refused on purpose, whether it was seen or not (lib/record/generate.h), and who is told so takes clone; what he
 * asks of that is denied, and told of, by itself. While a model was learned under the default filter it was the same. */
static bool is_taken_for_clone(const struct recorder_process *p, const struct need *need)
{
	return strcmp(need->name, "clone3") == 0 && needs_find(&p->model.needs.needs, NEED_CALL, need->abi, "clone");
}

static int take_denied(const struct need *need, unsigned count, void *data, struct error *err)
{
	struct recorder_process *p = data;

	if (needs_cover(&p->model.needs.needs, need) || is_taken_for_clone(p, need))
		return 0;
	return report_violation(p, need, count, true, err);
}

/* What is denied waits with the model until somebody decides on it. */
static int write_denied(struct recorder_process *p, struct error *err)
{
	unsigned before = p->reported.count;
	int r = kernel_side_refused(p->kernel, &p->filter, take_denied, p, err);

	return r < 0 || p->reported.count == before ? r : model_deny(&p->host, p->facts.workload, &p->reported, err);
}

static void say_how_much(const struct recording *recording)
{
	char line[ERROR_TEXT_MAX];
	unsigned calls = 0;

	for (unsigned i = 0; i < recording->needs.count; i++)
		calls += recording->needs.list[i].kind == NEED_CALL;
	(void)snprintf(line, sizeof line, "recorded %u system calls%s: stint record show %s", calls,
		       recording->complete ? "" : ", but not all of the run", recording->id);
	(void)say(line);
}

/* Nothing is there before the workload asked for something: a container that was never started leaves nothing. */
static int write_recording(struct recorder_process *p, bool over, struct error *err)
{
	_cleanup_recording_ struct recording now = {0};
	int r = compile(p, over, &now, err);

	if (r < 0 || !now.needs.count)
		return r;
	r = store_write(&p->host, p->run, &now, err);
	if (r == 0 && p->watch == WATCH_COMPLAIN)
		r = report_unknown(p, &now.needs, err);
	if (r == 0 && over) {
		say_how_much(&now);
		r = store_trim(&p->host, now.workload, err);
	}
	return r;
}

static void write_out(struct recorder_process *p, bool over)
{
	struct error err = {0};
	int r = p->watch == WATCH_ENFORCE ? write_denied(p, &err) : write_recording(p, over, &err);

	if (r < 0)
		(void)say(err.text);
}

static void set_timer(struct recorder_process *p)
{
	static const struct itimerspec soon = {.it_value = {.tv_sec = SNAPSHOT_SECONDS}};

	if (!p->timer_set)
		p->timer_set = timerfd_settime(p->fds[SOURCE_TIMER], 0, &soon, NULL) == 0;
}

/* Which one it is changes what it asks for after it has loaded a filter. */
static void ask_version(struct recorder_process *p)
{
	_cleanup_command_ struct command command = {0};
	const char *argv[] = {p->ledger->plan.runtime_path, "--version", NULL};
	struct program_version version;

	if (*argv[0] && command_check(argv, VERSION_SECONDS, &command, NULL) == 0 && version_of_output(command.out, &version))
		(void)recording_set(&p->facts.runtime_version, version.text, NULL);
}

static bool marker_is_gone(const struct recorder_process *p)
{
	struct stat st;

	return fstat(p->marker, &st) < 0 || st.st_nlink == 0;
}

static void drain(int fd)
{
	char events[4096];

	while (read(fd, events, sizeof events) > 0)
		;
}

/* A launcher that ends before there is a monitor leaves no container. */
static bool launcher_gave_up(struct recorder_process *p)
{
	(void)epoll_ctl(p->epoll, EPOLL_CTL_DEL, LAUNCHER_FD, NULL);
	return !ledger_watched(p->ledger_fd);
}

/* Returns when the recording is over. */
static void wait_and_write(struct recorder_process *p)
{
	struct epoll_event event;

	while (!marker_is_gone(p)) {
		if (epoll_wait(p->epoll, &event, 1, -1) != 1)
			continue;
		switch (event.data.u32) {
		case SOURCE_NEWS:
			kernel_side_hush(p->kernel);
			set_timer(p);
			break;
		case SOURCE_TIMER:
			drain(p->fds[SOURCE_TIMER]);
			p->timer_set = false;
			write_out(p, false);
			break;
		case SOURCE_STATE:
			drain(p->fds[SOURCE_STATE]);
			break;
		case SOURCE_LAUNCHER:
			if (launcher_gave_up(p))
				return;
			break;
		default: /* the machine goes down: what was seen is kept, and is not the whole */
			write_out(p, false);
			exit(0);
		}
	}
}

static bool take_options(int argc, char **argv, struct recorder_options *options)
{
	enum { ROOT = 256, WORKLOAD, WATCH, LAUNCHER, LAUNCHED, NO_NEW_PRIVILEGES };
	static const struct option long_options[] = {
		{"root", required_argument, NULL, ROOT},
		{"workload", required_argument, NULL, WORKLOAD},
		{"watch", required_argument, NULL, WATCH},
		{"launcher", required_argument, NULL, LAUNCHER},
		{"launched", no_argument, NULL, LAUNCHED},
		{"no-new-privileges", no_argument, NULL, NO_NEW_PRIVILEGES},
		{NULL, 0, NULL, 0},
	};
	int option;

	*options = (struct recorder_options){.root = "", .watch = WATCH_RECORD};
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		switch (option) {
		case ROOT: options->root = optarg; break;
		case WORKLOAD: options->workload = optarg; break;
		case WATCH: options->watch = (enum watch)strtol(optarg, NULL, 10); break;
		case LAUNCHER: options->launcher = (pid_t)strtol(optarg, NULL, 10); break;
		case LAUNCHED: options->launched = true; break;
		case NO_NEW_PRIVILEGES: options->no_new_privileges = true; break;
		default: return false;
		}
	options->key = argv[optind];
	return optind == argc - 1 && options->workload;
}

int main(int argc, char **argv)
{
	static struct recorder_process p = {.state_fd = -1, .marker = -1};
	struct recorder_options options;
	struct error err = {0};

	if (!take_options(argc, argv, &options)) {
		fprintf(stderr, "stint-recorder records a container for stint, which starts it.\n");
		return 2;
	}
	if (start(&p, &options, &err) < 0) {
		(void)say(err.text);
		return 1;
	}
	p.facts.complete = options.launched;
	if (!say("ready"))
		return 1;
	ask_version(&p);
	wait_and_write(&p);
	write_out(&p, true);
	return 0;
}
