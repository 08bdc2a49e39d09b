/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stint-hook: the OCI hook, for engines whose runtime is not stint-runtime.
 *
 *   stint-hook precreate       Podman: config.json on standard input, the edited one on standard output
 *   stint-hook createRuntime   (prestart is the same) the state on standard input: checks what can no
 *                              longer be changed, and starts the monitor on the container's group
 *   stint-hook network         in the config of a container that a launcher of ours prepared, with its --key: has
 *                              stint-network set the rules of its network
 *   stint-hook poststart       wall time begins
 *   stint-hook poststop        sees to it that the report gets written
 *
 * A hook may run with an environment and in a directory that an image's author chose: nothing is taken from
 * either, and every descriptor above 2 is closed. Where stint-runtime has prepared the container already there is
 * nothing to do.
 */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/launch/control.h"
#include "lib/launch/launch.h"
#include "lib/launch/network.h"
#include "lib/oci/config.h"
#include "lib/oci/state.h"
#include "lib/plan/edit.h"
#include "lib/report/journal.h"

struct hook {
	const char *key; /* --key; NULL: found by the state's id */
	struct host host;
	struct host_config host_config;
	struct cgroup_layout layout;
	struct plan plan;
	struct json_doc *config;
	struct oci_state state;
	struct launch launch;
};

/* The directory of the watched container with this id, whatever runtime root its key has in it. */
struct search {
	const char *id;
	char key[STATE_KEY_MAX];
	int dirfd;
	bool watched;
};

static int match(const char *key, int dirfd, void *data)
{
	struct search *search = data;
	_cleanup_close_ int fd = -1;
	struct ledger *ledger;
	bool same;

	if (ledger_open(dirfd, false, &ledger, &fd, NULL) < 0)
		return 0;
	same = strcmp(ledger->plan.id, search->id) == 0 && !atomic_load(&ledger->report_length);
	ledger_unmap(ledger);
	if (!same)
		return 0;
	search->watched = ledger_watched(fd);
	search->dirfd = fcntl(dirfd, F_DUPFD_CLOEXEC, 3);
	(void)snprintf(search->key, sizeof search->key, "%s", key);
	return 1;
}

static bool find(const struct hook *hook, struct search *search)
{
	*search = (struct search){.id = hook->state.id, .dirfd = -1};
	return state_each(&hook->host, match, search, NULL) == 1;
}

static int read_state(struct hook *hook, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t length;
	int r = file_read_fd(STDIN_FILENO, "the container's state on standard input", JSON_MAX_BYTES, &text,
			     &length, err);

	if (r == 0)
		r = oci_state_parse(text, length, &hook->state, err);
	if (r == 0)
		r = container_id_check(hook->state.id, err);
	return r;
}

static int start_monitor(struct hook *hook, struct error *err)
{
	_cleanup_close_ int self = (int)syscall(SYS_pidfd_open, getpid(), 0);
	_cleanup_close_ int pipe = -1;

	if (self < 0)
		return error_errno(err, errno, "start the monitor");
	return monitor_start(&hook->host, hook->launch.key, self, false, &pipe, err);
}

static int make_plan(struct hook *hook, enum plan_mode mode, struct error *err)
{
	struct plan_request request = {.id = hook->state.id, .bundle = hook->state.bundle};
	int r = config_check(json_root(hook->config), err);

	if (r == 0)
		r = cgroup_layout_read(&hook->host, &hook->layout, err);
	return r < 0 ? r : plan_make(&hook->host, &hook->host_config, &hook->layout, json_root(hook->config), &request, mode,
				     &hook->plan, err);
}

/* Rules must be there. Where stint-network only watches, the recording says what it could not. */
static int apply_network(const struct ledger_plan *plan, int state_fd, pid_t init, struct error *err)
{
	struct error ignored = {0};

	if (plan->network)
		return network_apply(state_fd, init, err);
	if (plan->network_recorded)
		(void)network_apply(state_fd, init, &ignored);
	return 0;
}

static int create_runtime(struct hook *hook, struct error *err)
{
	struct launch_request launch = {.host = &hook->host, .host_config = &hook->host_config,
					.layout = &hook->layout, .plan = &hook->plan, .runtime = "",
					.launcher = LAUNCHER_HOOK, .monitor = -1};
	struct search search;
	int r = read_state(hook, err);

	if (r < 0)
		return r;
	if (find(hook, &search) && search.watched)
		return 0;
	if (hook->state.pid <= 1)
		return error_set(err, EINVAL, "createRuntime: the state gives no pid of the container; use this hook "
					      "in the stage createRuntime or prestart");
	r = config_read(hook->state.bundle, &hook->config, err);
	if (r == 0)
		r = make_plan(hook, PLAN_HOOK, err);
	if (r < 0)
		return r;
	launch.config = hook->config;
	launch.id = hook->state.id;
	launch.bundle = hook->state.bundle;
	launch.init = hook->state.pid;
	r = launch_prepare(&launch, &hook->launch, err);
	if (r < 0)
		return r;
	r = start_monitor(hook, err);
	if (r == 0)
		r = apply_network(&hook->launch.ledger->plan, hook->launch.state_fd, hook->state.pid, err);
	if (r < 0)
		launch_undo(&hook->launch);
	return r;
}

static int network(struct hook *hook, struct error *err)
{
	_cleanup_close_ int run_fd = -1, state_fd = -1;
	struct ledger *ledger = NULL;
	int r = hook->key && *hook->key != '.' && !strchr(hook->key, '/') ? read_state(hook, err) :
		error_set(err, EINVAL, "network: --key names no container's state");

	if (r == 0)
		r = state_open(&hook->host, &run_fd, err);
	if (r < 0)
		return r;
	state_fd = openat(run_fd, hook->key, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (state_fd < 0)
		return error_errno(err, errno, "set the network rules: open the state of %s", hook->key);
	r = ledger_open(state_fd, true, &ledger, NULL, err);
	if (r < 0)
		return r;
	/* A hook that was copied into another container's config. */
	if (strcmp(ledger->plan.id, hook->state.id) != 0) {
		r = error_set(err, EINVAL, "set the network rules: %s is the state of another container", hook->key);
	} else {
		r = apply_network(&ledger->plan, state_fd, hook->state.pid, err);
		if (r < 0)
			(void)snprintf(ledger->network.failure, sizeof ledger->network.failure, "%.*s", LEDGER_TEXT_MAX - 1, err->text);
	}
	ledger_unmap(ledger);
	return r;
}

static int poststart(struct hook *hook, struct error *err)
{
	struct search search;
	int r = read_state(hook, err);

	if (r < 0 || !find(hook, &search))
		return r;
	return control_call(search.dirfd, CONTROL_START, 0, 5000, err);
}

static int poststop(struct hook *hook, struct error *err)
{
	_cleanup_close_ int pipe = -1;
	struct search search;
	int r = read_state(hook, err);

	if (r < 0 || !find(hook, &search) || search.watched)
		return r;
	return monitor_start(&hook->host, search.key, -1, false, &pipe, err);
}

static int precreate(struct hook *hook, struct error *err)
{
	_cleanup_free_ char *text = NULL, *edited = NULL;
	struct edit_request edit = {.allow_annotations = hook->host_config.allow_annotations};
	size_t length;
	int r = file_read_fd(STDIN_FILENO, "config.json on standard input", JSON_MAX_BYTES, &text, &length, err);

	if (r == 0)
		r = json_parse("config.json", text, length, &hook->config, err);
	if (r == 0)
		r = make_plan(hook, PLAN_WRAPPER, err);
	edit.oom_group = hook->layout.mode == CGROUP_V2;
	if (r == 0)
		r = config_edit(hook->config, &hook->plan, &edit, err);
	if (r == 0)
		r = json_write(json_root(hook->config), false, &edited, &length, err);
	if (r < 0)
		return r;
	r = write_all(STDOUT_FILENO, edited, length);
	return r < 0 ? error_errno(err, -r, "write the edited config.json to standard output") : 0;
}

static const struct stage {
	const char *name;
	int (*run)(struct hook *hook, struct error *err);
} stages[] = {
	{"precreate", precreate}, {"prestart", create_runtime}, {"createRuntime", create_runtime},
	{"network", network}, {"poststart", poststart}, {"poststop", poststop},
};

static int usage(FILE *out)
{
	fputs("Usage: stint-hook [--root DIR] precreate|createRuntime|prestart|poststart|poststop\n"
	      "       stint-hook [--root DIR] --key KEY network\n\n"
	      "An OCI hook, called by a runtime or engine with the container's state on standard input; as precreate\n"
	      "it takes config.json there, and prints the edited one. See stint-hook(8).\n\n"
	      "      --root DIR  a directory that /run/stint, /etc/stint and the others are below\n"
	      "      --key KEY   the state of the container, in /run/stint\n"
	      "      --help      this text\n", out);
	return out == stdout ? 0 : 2;
}

/* What tenants can have refused as often as they like must not fill the disk: of the file before this one there is one. */
enum { LOG_MAX_BYTES = 1 << 20 };

static int open_log(int log_fd)
{
	enum { FLAGS = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW };
	int fd = openat(log_fd, "hook.log", FLAGS, 0640);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size < LOG_MAX_BYTES ||
	    renameat(log_fd, "hook.log", log_fd, "hook.log.1") < 0)
		return fd;
	(void)close(fd);
	return openat(log_fd, "hook.log", FLAGS, 0640);
}

/* To standard error, and to a file: crun throws away what a hook says, and tells its user no more than "exit code 1". */
static int fail(const struct hook *hook, const char *stage, const struct error *err)
{
	char message[ERROR_TEXT_MAX + 160], line[2 * ERROR_TEXT_MAX + 512];
	_cleanup_close_ int log_fd = -1, fd = -1;
	size_t length;

	(void)snprintf(message, sizeof message, "stint: %s%s%s: %s", stage, hook->state.id ? " of " : "",
		       hook->state.id ? hook->state.id : "", err->text);
	fprintf(stderr, "%s\n", message);
	if (!hook->host.realtime_ns || journal_dir_open(&hook->host, &log_fd, NULL) < 0)
		return 1;
	length = log_line(LOG_TEXT, "error", message, hook->host.realtime_ns(), line, sizeof line);
	fd = open_log(log_fd);
	if (fd >= 0)
		(void)write_all(fd, line, length);
	return 1;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"root", required_argument, NULL, 'R'},
						{"key", required_argument, NULL, 'k'},
						{"help", no_argument, NULL, 'h'},
						{NULL, 0, NULL, 0}};
	static struct hook hook;
	struct error err = {0};
	const char *root = "";
	int option, r;

	(void)syscall(SYS_close_range, 3U, ~0U, 0);
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'R')
			root = optarg;
		else if (option == 'k')
			hook.key = optarg;
		else
			return usage(option == 'h' ? stdout : stderr);
	}
	if (optind != argc - 1)
		return usage(stderr);
	for (size_t i = 0; i < ARRAY_SIZE(stages); i++) {
		if (strcmp(stages[i].name, argv[optind]) != 0)
			continue;
		r = host_init(&hook.host, root, &err);
		if (r == 0)
			r = host_root_check(&err);
		if (r == 0)
			r = host_config_load(&hook.host, &hook.host_config, &err);
		if (r == 0)
			r = stages[i].run(&hook, &err);
		return r < 0 ? fail(&hook, argv[optind], &err) : 0;
	}
	return usage(stderr);
}
