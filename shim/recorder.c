/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stint-recorder: writes down what one run of a container asks of the kernel.
 *
 * Theory of operation
 *
 * The launcher (`stint run`, stint-runtime, stint-hook) starts us before the runtime, with a pipe on descriptor 3, when the
 * plan says that the run is to be recorded; `stint record start` does for a container that runs already. Where the kernel
 * takes them, programs and some tables are loaded into it (recorder.bpf.c), which see every system call of the container's group
 * from then on. Where it does not, or the host's configuration says so, the container gets a seccomp filter that asks us
 * (recorder_notify.c): the file RECORDING_FILTER in its state directory, which the launcher puts into its config. We write "ready"
 * into the pipe, and the launcher goes on. When there is something new, the recording is written out as it
 * is, at most once a second: whatever becomes of us or the machine, what was seen until then is kept.
 *
 * The file "recording" in the container's state directory says that it is being recorded, and is locked as long as we live.
 * When somebody takes it away (the monitor, when the container has ended and before it writes the report; `stint record
 * stop`; who clears the directory away) the recording is over: it is written for the last time, and we end. With a filter that
 * asks us we stay, and answer, until the last process that has it is gone.
 */
#include <cap-ng.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
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
#include "lib/profile/select.h"
#include "lib/record/store.h"
#include "lib/state/ledger.h"
#include "shim/recorder.h"
#include "shim/settle.h"

enum { PIPE_FD = 3, LAUNCHER_FD = 4, SNAPSHOT_SECONDS = 1, VERSION_SECONDS = 5 };
enum event { EVENT_NEWS, EVENT_TIMER, EVENT_STATE, EVENT_SIGNAL, EVENT_LAUNCHER, EVENT_COUNT };

struct recorder_options {
	const char *root, *key, *workload;
	enum watch watch;
	pid_t launcher;
	enum recorder recorder;
	bool launched, no_new_privileges;
};

struct recorder_process {
	struct host host;
	struct ledger *ledger;
	int ledger_fd;
	struct cgroup_layout layout;
	int state_fd, marker; /* the container's state directory, and "recording" in it */
	int asked_lock;	      /* of the filter that asks us; to our end */
	struct record record;
	struct program_version version; /* of the runtime; "": not known */
	struct json_doc *plan;
	struct seccomp_filter filter; /* that the container gets; in `plan` */
	bool has_filter;
	uint64_t taken_capabilities, taken_ambient; /* what its model took of it */
	int fds[EVENT_COUNT], epoll;
	bool timer_set;
};

bool say(const char *text)
{
	char line[ERROR_TEXT_MAX + 2];
	int n = snprintf(line, sizeof line, "%s\n", text);

	return write(PIPE_FD, line, (size_t)n) == n;
}

static int let_go(bool launched, struct error *err)
{
	int r = settle_let_go(launched ? LAUNCHER_FD + 1U : PIPE_FD + 1U, err);

	if (r < 0)
		return r;
	(void)fcntl(PIPE_FD, F_SETFL, O_NONBLOCK);
	(void)umask(022);
	(void)setsid();
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	return 0;
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
	p->record.host = &p->host;
	p->record.ledger = p->ledger;
	p->record.state_fd = p->state_fd;
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
	int r = recording_set(&p->record.facts.workload, options->workload, err);

	if (r == 0)
		r = recording_set(&p->record.facts.id, plan->id, err);
	if (r == 0 && plan->image[0])
		r = recording_set(&p->record.facts.image, plan->image, err);
	if (r == 0 && plan->runtime[0])
		r = recording_set(&p->record.facts.runtime, plan->runtime, err);
	if (r == 0)
		r = recording_set(&p->record.facts.started, time_format(p->host.realtime_ns(), started), err);
	p->record.facts.no_new_privileges = options->no_new_privileges;
	return r < 0 ? r : store_name_run(&p->host, plan->id, p->record.run, err);
}

static int read_filter(struct recorder_process *p, struct error *err)
{
	const struct json *seccomp;
	_cleanup_free_ char *text = NULL;
	size_t length;
	int r = file_read(p->state_fd, "plan.json", JSON_LARGE_BYTES, &text, &length, err);

	if (r == 0)
		r = json_parse_large("plan.json", text, length, &p->plan, err);
	if (r < 0)
		return r;
	p->taken_capabilities = capability_mask(json_get(json_root(p->plan), "takenCapabilities"));
	p->taken_ambient = capability_mask(json_get(json_root(p->plan), "takenAmbient"));
	seccomp = json_find(json_root(p->plan), "effective.seccomp");
	if (!json_is(seccomp, JSON_OBJECT))
		return 0;
	p->has_filter = true;
	return seccomp_read(seccomp, &p->filter, err);
}

/* What it is held against: the model, or the filter that the container gets. */
static int read_rules(struct recorder_process *p, const struct recorder_options *options, struct error *err)
{
	int r = 0;

	p->record.watch = options->watch;
	if (options->watch == WATCH_COMPLAIN || options->watch == WATCH_ENFORCE)
		r = model_read(&p->host, options->workload, &p->record.model, err);
	return r < 0 || options->watch != WATCH_ENFORCE ? r : read_filter(p, err);
}

/* Which one it is changes what it asks for after it has loaded a filter, and what filters it loads. */
static void ask_version(struct recorder_process *p)
{
	_cleanup_command_ struct command command = {0};
	const char *argv[] = {p->ledger->plan.runtime_path, "--version", NULL};

	if (!p->version.text[0] && *argv[0] && command_check(argv, VERSION_SECONDS, &command, NULL) == 0 &&
	    version_of_output(command.out, &p->version))
		(void)recording_set(&p->record.facts.runtime_version, p->version.text, NULL);
}

static int start_ebpf(struct recorder_process *p, const struct recorder_options *options, struct source_request *request,
		      struct error *err)
{
	int r = find_group(p, options, &request->group, err);

	return r < 0 ? r : source_ebpf.start(request, &p->record.source, err);
}

static int start_notify(struct recorder_process *p, struct source_request *request, struct error *err)
{
	int r = p->plan ? 0 : read_filter(p, err);

	if (r < 0)
		return r;
	ask_version(p);
	request->takes_any_notify = strcmp(p->version.program, "crun") == 0;
	request->filter = p->has_filter ? &p->filter : NULL;
	r = source_notify.start(request, &p->record.source, err);
	return r < 0 ? r : recorder_lock(p->state_fd, &p->asked_lock, err);
}

/* By eBPF where that can be had, which costs less and sees more. */
static int start_source(struct recorder_process *p, const struct recorder_options *options, struct error *err)
{
	struct source_request request = {
		.host = &p->host, .plan = &p->ledger->plan, .state_fd = p->state_fd, .launched = options->launched,
		.filter = p->has_filter ? &p->filter : NULL, .refusals = options->watch == WATCH_ENFORCE,
		.taken_capabilities = p->taken_capabilities, .taken_ambient = p->taken_ambient,
	};
	struct error other = {0};
	int r = -ENOTSUP;

	if (options->recorder != RECORDER_NOTIFY)
		r = start_ebpf(p, options, &request, err);
	if (r != -ENOTSUP || options->recorder == RECORDER_EBPF)
		return r;
	r = start_notify(p, &request, &other);
	if (r < 0 && options->recorder == RECORDER_NOTIFY)
		return error_set(err, -r, "%s", other.text);
	return r < 0 ? error_set(err, -r, "%s; and neither by notification: %s", err->text, other.text) : 0;
}

static int add_event(struct recorder_process *p, enum event which, int fd, struct error *err)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = which};

	p->fds[which] = fd;
	if (fd < 0 || epoll_ctl(p->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		return error_errno(err, errno, "wait for what there is to record");
	return 0;
}

static int open_events(struct recorder_process *p, bool launched, struct error *err)
{
	char path[64];
	sigset_t set;
	int r;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	p->epoll = epoll_create1(EPOLL_CLOEXEC);
	r = add_event(p, EVENT_STATE, inotify_init1(IN_CLOEXEC | IN_NONBLOCK), err);
	if (r == 0)
		r = add_event(p, EVENT_TIMER, timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), err);
	if (r == 0)
		r = add_event(p, EVENT_SIGNAL, signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), err);
	if (r == 0)
		r = add_event(p, EVENT_NEWS, p->record.source->kind->fd(p->record.source), err);
	if (r == 0 && launched)
		r = add_event(p, EVENT_LAUNCHER, LAUNCHER_FD, err);
	if (r < 0)
		return r;
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", p->state_fd);
	if (inotify_add_watch(p->fds[EVENT_STATE], path, IN_DELETE) < 0)
		return error_errno(err, errno, "watch the container's state directory");
	return 0;
}

/* What the source needs, if anything (tables that are open can be read with CAP_BPF); the rest is root's own files. */
static int confine(const struct source *source, struct error *err)
{
	capng_clear(CAPNG_SELECT_BOTH);
	if (source->kind->capability >= 0)
		(void)capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET,
				   (unsigned)source->kind->capability);
	return capng_apply(CAPNG_SELECT_BOTH) < 0 ? error_set(err, EPERM, "drop the recorder's capabilities") : 0;
}

static int start(struct recorder_process *p, const struct recorder_options *options, struct error *err)
{
	int r = let_go(options->launched, err);

	if (r == 0)
		r = host_init(&p->host, options->root, err);
	if (r == 0)
		r = cgroup_layout_read(&p->host, &p->layout, err);
	if (r == 0)
		r = settle_move_away(&p->host, &p->layout, err);
	if (r == 0)
		r = open_state(p, options->key, err);
	if (r == 0)
		r = state_the_facts(p, options, err);
	if (r == 0)
		r = read_rules(p, options, err);
	if (r == 0)
		r = start_source(p, options, err);
	if (r == 0)
		r = open_events(p, options->launched, err);
	return r < 0 ? r : confine(p->record.source, err);
}

static void set_timer(struct recorder_process *p)
{
	static const struct itimerspec soon = {.it_value = {.tv_sec = SNAPSHOT_SECONDS}};

	if (!p->timer_set)
		p->timer_set = timerfd_settime(p->fds[EVENT_TIMER], 0, &soon, NULL) == 0;
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
	struct source *source = p->record.source;
	struct epoll_event event;

	while (!marker_is_gone(p)) {
		if (epoll_wait(p->epoll, &event, 1, -1) != 1)
			continue;
		switch (event.data.u32) {
		case EVENT_NEWS:
			source->kind->attend(source);
			(void)record_is_starting(&p->record);
			set_timer(p);
			break;
		case EVENT_TIMER:
			drain(p->fds[EVENT_TIMER]);
			p->timer_set = false;
			record_write(&p->record, false);
			if (record_is_starting(&p->record))
				set_timer(p);
			break;
		case EVENT_STATE:
			drain(p->fds[EVENT_STATE]);
			break;
		case EVENT_LAUNCHER:
			if (launcher_gave_up(p))
				return;
			break;
		default: /* the machine goes down: what was seen is kept, and is not the whole */
			drain(p->fds[EVENT_SIGNAL]);
			record_write(&p->record, false);
			if (!source->kind->is_needed(source))
				exit(0);
		}
	}
}

/* Nobody waits for us any more but who depends on our answers. */
static void stay_while_needed(struct recorder_process *p)
{
	struct source *source = p->record.source;
	struct pollfd wait = {.fd = source->kind->fd(source), .events = POLLIN};

	(void)close(PIPE_FD);
	(void)close(p->marker);
	while (source->kind->is_needed(source))
		if (poll(&wait, 1, -1) == 1)
			source->kind->attend(source);
}

static bool take_options(int argc, char **argv, struct recorder_options *options)
{
	enum { ROOT = 256, WORKLOAD, WATCH, RECORDER, LAUNCHER, LAUNCHED, NO_NEW_PRIVILEGES };
	static const struct option long_options[] = {
		{"root", required_argument, NULL, ROOT},
		{"workload", required_argument, NULL, WORKLOAD},
		{"watch", required_argument, NULL, WATCH},
		{"recorder", required_argument, NULL, RECORDER},
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
		case RECORDER: options->recorder = (enum recorder)strtol(optarg, NULL, 10); break;
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
	static struct recorder_process p = {.state_fd = -1, .marker = -1, .asked_lock = -1};
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
	p.record.facts.complete = options.launched;
	record_begin(&p.record, p.has_filter && seccomp_kills(&p.filter), p.taken_capabilities);
	if (!say("ready"))
		return 1;
	ask_version(&p);
	wait_and_write(&p);
	record_write(&p.record, true);
	stay_while_needed(&p);
	atomic_store(&p.ledger->asked.pid, 0);
	return 0;
}
