/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stint-runtime: an OCI runtime by its command line.
 *
 * On `create`, `run` and `restore` it starts a monitor, makes the plan, prepares the container (lib/launch), waits
 * for the monitor to be ready, and then becomes the real runtime, with the arguments that it was given but for the
 * bundle, which is a directory of ours with the edited config.json. On `start` it tells the monitor
 * that wall time begins; `exec` and `update` are held to the plan; on `start`, `exec`, `update` and `delete` it sees to it
 * that there is a monitor. Every other command is the runtime's, at once. It forks nothing that stays but the monitor and, where
 * a filter asks a recorder, who watches that for an exec (exec_watch.c), prints nothing on
 * standard output, and leaves descriptors from 3 up alone.
 */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/launch/control.h"
#include "lib/launch/launch.h"
#include "lib/launch/network.h"
#include "lib/oci/config.h"
#include "shim/runtime.h"

int runtime_fail(const struct arguments *arguments, const struct error *err)
{
	char message[ERROR_TEXT_MAX + 16], line[2 * ERROR_TEXT_MAX + 256];
	struct timespec now;
	enum log_format format = arguments->log_format && strcmp(arguments->log_format, "json") == 0 ?
					 LOG_JSON : LOG_TEXT;
	size_t length;
	int fd;

	(void)snprintf(message, sizeof message, "stint: %s", err->text);
	fprintf(stderr, "%s\n", message);
	if (!arguments->log)
		return 1;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	length = log_line(format, "error", message,
			  (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec, line, sizeof line);
	fd = open(arguments->log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);
	if (fd >= 0) {
		(void)write_all(fd, line, length);
		(void)close(fd);
	}
	return 1;
}

int become(const struct runtime *runtime, char **argv, struct error *err)
{
	(void)execv(runtime->path, argv);
	return error_errno(err, errno, "execute the runtime %s", runtime->path);
}

int pass_through(const struct runtime *runtime, struct error *err)
{
	char **argv = runtime->arguments.argv;

	argv[0] = (char *)(uintptr_t)runtime->path;
	return become(runtime, argv, err);
}

static int absolute_path(const char *path, char text[PATH_MAX], struct error *err)
{
	char cwd[PATH_MAX];

	if (*path == '/')
		return snprintf(text, PATH_MAX, "%s", path) < PATH_MAX ? 0 :
			       error_set(err, ENAMETOOLONG, "the path %.80s… is too long", path);
	if (!getcwd(cwd, sizeof cwd))
		return error_errno(err, errno, "find the current directory");
	return snprintf(text, PATH_MAX, "%s/%s", cwd, path) < PATH_MAX ? 0 :
		       error_set(err, ENAMETOOLONG, "the path %.80s… is too long", path);
}

/* What create, run and restore share, from the bundle to a container that is ready for its runtime. */
struct creation {
	struct cgroup_layout layout;
	struct plan plan;
	struct json_doc *config;
	char bundle[PATH_MAX], pid_file[PATH_MAX];
	struct launch launch;
	int self, monitor; /* ourselves by a pidfd, and the channel to the monitor */
};

static int check_arguments(const struct arguments *a, struct error *err)
{
	if (arguments_check_clear(a, err) < 0)
		return -EINVAL;
	if (!a->id)
		return error_set(err, EINVAL, "%s: no container id given", a->command);
	if (arguments_value(a, CONFIG))
		return error_set(err, EINVAL, "%s: --config is not supported: stint reads config.json of the bundle",
				 a->command);
	return container_id_check(a->id, err);
}

static enum launcher launcher_of(const struct arguments *a)
{
	return strcmp(a->command, "create") == 0 ? LAUNCHER_CREATE : LAUNCHER_RUN;
}

/* As soon as the container has a name; what is refused from here on leaves nothing of it. */
static int spawn_monitor(const struct runtime *runtime, struct creation *creation, struct error *err)
{
	const struct arguments *a = &runtime->arguments;
	char key[STATE_KEY_MAX];

	creation->self = (int)syscall(SYS_pidfd_open, getpid(), 0);
	if (creation->self < 0)
		return error_errno(err, errno, "start the monitor: hold ourselves by a pidfd");
	state_key(a->id, a->root, key);
	return monitor_spawn(&runtime->host, &creation->layout, key, creation->self, launcher_of(a) == LAUNCHER_RUN,
			     &creation->monitor, err);
}

static int prepare(struct runtime *runtime, struct creation *creation, struct error *err)
{
	const struct arguments *a = &runtime->arguments;
	const char *bundle = arguments_value(a, BUNDLE), *pid_file = arguments_value(a, PID_FILE);
	struct plan_request request = {.id = a->id, .runtime = runtime->path, .bundle = creation->bundle};
	struct launch_request launch = {
		.host = &runtime->host, .host_config = &runtime->host_config, .layout = &creation->layout,
		.plan = &creation->plan, .id = a->id, .runtime = runtime->path, .runtime_root = a->root,
		.bundle = creation->bundle, .systemd_cgroup = a->systemd_cgroup,
		.launcher = launcher_of(a),
	};
	int r = check_arguments(a, err);

	if (!bundle)
		bundle = ".";
	if (r == 0)
		r = cgroup_layout_read(&runtime->host, &creation->layout, err);
	if (r == 0)
		r = spawn_monitor(runtime, creation, err);
	if (r == 0)
		r = config_read(bundle, &creation->config, err);
	if (r == 0 && !realpath(bundle, creation->bundle))
		r = error_errno(err, errno, "find the bundle");
	if (r == 0)
		r = config_check(json_root(creation->config), err);
	if (r == 0 && pid_file)
		r = absolute_path(pid_file, creation->pid_file, err);
	if (r == 0)
		r = plan_make(&runtime->host, &runtime->host_config, &creation->layout,
			      json_root(creation->config), &request, PLAN_WRAPPER, &creation->plan, err);
	if (r < 0)
		return r;
	launch.monitor = creation->monitor;
	launch.config = creation->config;
	launch.pid_file = pid_file ? creation->pid_file : NULL;
	return launch_prepare(&launch, &creation->launch, err);
}

static int rewrite(const struct runtime *runtime, const struct creation *creation, char ***ret_argv, struct error *err)
{
	const struct replacement replacements[] = {{BUNDLE, "--bundle", creation->launch.bundle},
						   {PID_FILE, "--pid-file", creation->launch.pid_file},
						   {PLAIN, NULL, NULL}};

	return arguments_rewrite(&runtime->arguments, runtime->path, replacements, creation->bundle, ret_argv, err);
}

static int create(struct runtime *runtime, struct error *err)
{
	static struct creation creation;
	struct launch *launch = &creation.launch;
	char **argv;
	int r;

	creation.monitor = -1;
	r = prepare(runtime, &creation, err);
	if (r < 0) {
		monitor_dismiss(creation.monitor);
		return r;
	}
	r = rewrite(runtime, &creation, &argv, err);
	if (r == 0)
		r = monitor_start(&runtime->host, launch->key, creation.self,
				  launcher_of(&runtime->arguments) == LAUNCHER_RUN, &creation.monitor, err);
	if (r < 0) {
		monitor_dismiss(creation.monitor);
		launch_undo(launch);
		return r;
	}
	/* If this fails the monitor sees us end with nothing begun, and clears away. */
	return become(runtime, argv, err);
}

int open_state(const struct runtime *runtime, char key[STATE_KEY_MAX], int *ret_fd)
{
	_cleanup_close_ int run_fd = -1;
	const char *id = runtime->arguments.id;

	if (!id || container_id_check(id, NULL) < 0)
		return -ENOENT;
	state_key(id, runtime->arguments.root, key);
	run_fd = open(runtime->host.run_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (run_fd < 0)
		return -ENOENT;
	*ret_fd = openat(run_fd, key, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return *ret_fd < 0 ? -ENOENT : 0;
}

/* A container is its own runtime's, whatever the host's configuration says since. */
static void find_runtime_of(struct runtime *runtime)
{
	char key[STATE_KEY_MAX];
	_cleanup_close_ int state_fd = -1;
	struct ledger *ledger;

	if (open_state(runtime, key, &state_fd) < 0 || ledger_open(state_fd, false, &ledger, NULL, NULL) < 0)
		return;
	if (ledger->plan.runtime_path[0])
		(void)snprintf(runtime->path, sizeof runtime->path, "%s", ledger->plan.runtime_path);
	ledger_unmap(ledger);
}

int bring_back(const struct runtime *runtime, const char *key, int state_fd, struct error *err)
{
	_cleanup_close_ int ledger_fd = -1, pipe = -1;
	struct ledger *ledger;
	bool finished;
	int r = ledger_open(state_fd, false, &ledger, &ledger_fd, err);

	if (r < 0)
		return r;
	finished = atomic_load(&ledger->finished);
	ledger_unmap(ledger);
	/* One that is being prepared has no monitor yet. */
	if (finished || state_claim(state_fd) < 0 || ledger_watched(ledger_fd))
		return 0;
	/* No child of what becomes the runtime: crun's `exec` waits for all it has. */
	return monitor_start(&runtime->host, key, -1, true, &pipe, err);
}

/* Where it cannot be, the rules hold all the same. */
static void bring_network_back(const struct runtime *runtime, const char *key, int state_fd)
{
	struct ledger *ledger;

	if (ledger_open(state_fd, false, &ledger, NULL, NULL) < 0)
		return;
	if (state_claim(state_fd) == 0)
		(void)network_bring_back(&runtime->host, key, state_fd, ledger, NULL);
	ledger_unmap(ledger);
}

int open_watched(const struct runtime *runtime, int *ret_fd, struct error *err)
{
	char key[STATE_KEY_MAX];
	_cleanup_close_ int state_fd = -1;
	int r;

	if (open_state(runtime, key, &state_fd) < 0)
		return 0;
	r = arguments_check_clear(&runtime->arguments, err);
	if (r == 0)
		r = bring_back(runtime, key, state_fd, err);
	if (r < 0)
		return r;
	bring_network_back(runtime, key, state_fd);
	*ret_fd = steal_fd(&state_fd);
	return 1;
}

static int start(const struct runtime *runtime, struct error *err)
{
	enum { PATIENCE_MS = 10000 };
	char key[STATE_KEY_MAX];
	_cleanup_close_ int state_fd = -1;
	int r = open_state(runtime, key, &state_fd);

	if (r == -ENOENT)
		return pass_through(runtime, err);
	/* A monitor that was killed this moment is taken over from; one that was lost is brought back. */
	for (int tries = 0; tries < 5; tries++) {
		r = control_call(state_fd, CONTROL_START, 0, PATIENCE_MS, err);
		if (r == 0)
			return pass_through(runtime, err);
		r = bring_back(runtime, key, state_fd, err);
		if (r < 0)
			break;
		(void)usleep(2000);
	}
	return error_prefix(err, "start %s: it would run unwatched", runtime->arguments.id);
}

static int delete(const struct runtime *runtime, struct error *err)
{
	char key[STATE_KEY_MAX];
	_cleanup_close_ int state_fd = -1;

	/* Nothing that is wrong with our state keeps a container from being deleted. */
	if (open_state(runtime, key, &state_fd) == 0)
		(void)bring_back(runtime, key, state_fd, NULL);
	return pass_through(runtime, err);
}

/* Runtimes differ in which ids they take, and one takes ".." for a container that it can delete. */
static int check_id(const struct arguments *a, struct error *err)
{
	static const char *const commands[] = {"start", "delete", "kill", "state", "pause", "resume", "exec", "update"};

	for (size_t i = 0; a->id && i < ARRAY_SIZE(commands); i++)
		if (strcmp(a->command, commands[i]) == 0)
			return container_id_check(a->id, err);
	return 0;
}

static int dispatch(struct runtime *runtime, struct error *err)
{
	const char *command = runtime->arguments.command;
	int r;

	if (!command)
		return pass_through(runtime, err);
	if (arguments_make_container(&runtime->arguments))
		return create(runtime, err);
	r = check_id(&runtime->arguments, err);
	if (r < 0)
		return r;
	if (strcmp(command, "start") == 0)
		return start(runtime, err);
	if (strcmp(command, "delete") == 0)
		return delete(runtime, err);
	if (strcmp(command, "exec") == 0)
		return exec_held(runtime, err);
	if (strcmp(command, "update") == 0)
		return update_held(runtime, err);
	return pass_through(runtime, err);
}

/* Who may not read it is told why: a rootless engine shows its user what the last of its calls said. */
static int load_host_config(struct runtime *runtime, struct error *err)
{
	int r = host_config_load(&runtime->host, &runtime->host_config, err);

	return r == -EACCES && host_root_check(NULL) < 0 ? host_root_check(err) : r;
}

int main(int argc, char **argv)
{
	static struct runtime runtime;
	struct error err = {0};
	int r;

	arguments_parse(argc, argv, &runtime.arguments);
	r = host_init_from_environment(&runtime.host, &err);
	if (r == 0 && arguments_make_container(&runtime.arguments))
		r = host_root_check(&err);
	else if (r == 0)
		find_runtime_of(&runtime);
	if (r == 0 && !runtime.path[0])
		r = load_host_config(&runtime, &err);
	if (r == 0 && !runtime.path[0])
		r = runtime_find(&runtime.host_config, NULL, runtime.path, &err);
	if (r == 0)
		(void)dispatch(&runtime, &err);
	return runtime_fail(&runtime.arguments, &err);
}
