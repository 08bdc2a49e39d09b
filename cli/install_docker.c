/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Docker: daemon.json, dockerd --validate, SIGHUP, docker run. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#include "lib/base/command.h"
#include "cli/install.h"
#include "lib/base/file.h"
#include "lib/install/edits.h"

enum { DOCKER_SECONDS = 60, RELOAD_LOOKS = 50 };

static int plan(struct installation *inst, struct error *err)
{
	char path[PATH_MAX];
	struct edit *edit;
	int r;

	engine_path(inst->host, docker_files.config, path);
	r = edit_add(inst, path, false, &edit, err);
	return r < 0 ? r : docker_edit(edit->path, edit->without, inst->runtime, inst->as_default, &edit->wanted, err);
}

static const char *config_of(const struct installation *inst)
{
	return inst->edits[0].path;
}

static int validate(struct installation *inst, char note[NOTE_MAX], struct error *err)
{
	const char *const argv[] = {"dockerd", "--validate", "--config-file", config_of(inst), NULL};
	_cleanup_command_ struct command command = {0};
	int r;

	if (!inst->edits[0].wanted) {
		(void)snprintf(note, NOTE_MAX, "there is no %.300s any more", config_of(inst));
		return 0;
	}
	r = command_run(argv, DOCKER_SECONDS, &command, err);
	if (r == -ENOENT) {
		(void)snprintf(note, NOTE_MAX, "dockerd is not installed");
		return 0;
	}
	if (r < 0)
		return r;
	if (strstr(command.errors, "unknown flag: --validate")) {
		(void)snprintf(note, NOTE_MAX, "this dockerd has no --validate, which came with Docker 23");
		return 0;
	}
	if (command.status)
		return error_set(err, EINVAL, "dockerd --validate refuses %s: %.600s", config_of(inst), command.errors);
	(void)snprintf(note, NOTE_MAX, "dockerd --validate accepts it");
	return 1;
}

static void socket_of(const struct installation *inst, char address[PATH_MAX])
{
	(void)snprintf(address, PATH_MAX, "unix://%s/run/docker.sock", inst->host->root);
}

/* What the running daemon has. */
struct running {
	bool has, is_default;
};

static int look_at(const struct installation *inst, struct running *ret_running, struct error *err)
{
	static const char format[] = "{{.DefaultRuntime}}\n{{range $name, $_ := .Runtimes}}{{$name}}\n{{end}}";
	struct running running = {0};
	char address[PATH_MAX];
	const char *const argv[] = {"docker", "-H", address, "info", "--format", format, NULL};
	_cleanup_command_ struct command command = {0};
	char *rest;
	int r;

	socket_of(inst, address);
	r = command_check(argv, DOCKER_SECONDS, &command, err);
	if (r < 0)
		return r;
	rest = command.out;
	running.is_default = strcmp(strsep(&rest, "\n"), STINT_HANDLER) == 0;
	for (char *line; (line = strsep(&rest, "\n"));)
		running.has = running.has || strcmp(line, STINT_HANDLER) == 0;
	*ret_running = running;
	return 0;
}

/* A pidfd of the daemon, or -ENOENT. The number in the file may be another's by now. */
static int open_daemon(const struct installation *inst, int *ret_pid)
{
	_cleanup_close_ int pidfd = -1;
	char path[PATH_MAX], text[32], comm[32];
	long pid;

	(void)snprintf(path, sizeof path, "%s/run/docker.pid", inst->host->root);
	if (file_read_small(AT_FDCWD, path, text, sizeof text) <= 0)
		return -ENOENT;
	pid = strtol(text, NULL, 10);
	if (pid <= 0 || pid > INT_MAX)
		return -ENOENT;
	pidfd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
	(void)snprintf(path, sizeof path, "%s/%ld/comm", inst->host->proc, pid);
	if (pidfd < 0 || file_read_small(AT_FDCWD, path, comm, sizeof comm) < 0 || strcmp(comm, "dockerd") != 0)
		return -ENOENT;
	*ret_pid = (int)pid;
	return steal_fd(&pidfd);
}

/* True when it has come to be so in time. */
static int wait_until(const struct installation *inst, struct running wanted, struct error *err)
{
	const struct timespec pause = {.tv_nsec = 100000000};

	for (int looks = 0; looks < RELOAD_LOOKS; looks++) {
		struct running running;
		int r = look_at(inst, &running, err);

		if (r < 0)
			return r;
		if (running.has == wanted.has && running.is_default == wanted.is_default)
			return 1;
		(void)nanosleep(&pause, NULL);
	}
	return 0;
}

/* A running daemon forgets runtimes, and a default, only for others that it reads: for as long as that takes the file
 * says what goes without saying. */
static int read_anew(const struct installation *inst, int pidfd, const struct edit *edit, struct error *err)
{
	_cleanup_free_ char *spelled = NULL;
	struct running running, wanted;
	int r = look_at(inst, &running, err), back;

	if (r == 0)
		r = docker_says(edit->path, edit->current, &wanted.has, &wanted.is_default, err);
	if (r == 0)
		r = docker_spell_out(edit->path, edit->current, running.is_default, &spelled, err);
	if (r == 0 && spelled)
		r = edit_put(edit, spelled, err);
	if (r < 0)
		return r;
	r = syscall(SYS_pidfd_send_signal, pidfd, SIGHUP, NULL, 0) < 0 ? error_errno(err, errno, "reload dockerd")
								       : wait_until(inst, wanted, err);
	back = spelled ? edit_put(edit, edit->current, r < 0 ? NULL : err) : 0;
	return r < 0 ? r : back < 0 ? back : r;
}

/* Containers are left alone by it. */
static int reload(struct installation *inst, char note[NOTE_MAX], struct error *err)
{
	_cleanup_(edit_clear) struct edit edit = {0};
	int pid = 0, r;
	_cleanup_close_ int pidfd = open_daemon(inst, &pid);

	if (pidfd < 0) {
		(void)snprintf(note, NOTE_MAX,
			       "no dockerd runs (by %.300s/run/docker.pid); it reads the file when it starts",
			       inst->host->root);
		return 0;
	}
	r = edit_read(inst, config_of(inst), true, &edit, err);
	if (r == 0)
		r = read_anew(inst, pidfd, &edit, err);
	if (r == -ENOENT) {
		(void)snprintf(note, NOTE_MAX,
			       "the docker command, to see whether dockerd (pid %d) does it, is not installed", pid);
		return 0;
	}
	if (r < 0)
		return r;
	if (r == 0 && !inst->removing)
		return error_set(
			err, EIO,
			"reload dockerd (pid %d): it does not have the runtime %s as asked; does it read another "
			"file (see --config-file of its command line), or what does its log say?",
			pid, STINT_HANDLER);
	if (r == 0)
		(void)snprintf(note, NOTE_MAX, "dockerd (pid %d) has the runtime until it is started anew", pid);
	else
		(void)snprintf(note, NOTE_MAX, "dockerd (pid %d) has read it", pid);
	return r;
}

/* An image of one file. */
static int import(const struct smoke *smoke, const char *address, struct error *err)
{
	char tar[PATH_MAX];
	const char *const pack[] = {"tar", "-C", smoke->directory, "-cf", tar, "stint", NULL};
	const char *const load[] = {"docker", "-H", address, "import", tar, smoke->name, NULL};
	_cleanup_command_ struct command packed = {0}, loaded = {0};
	int r;

	(void)snprintf(tar, sizeof tar, "%.4000s/tar", smoke->directory);
	r = command_check(pack, DOCKER_SECONDS, &packed, err);
	return r < 0 ? r : command_check(load, DOCKER_SECONDS, &loaded, err);
}

static int run(const struct installation *inst, const struct smoke *smoke, const char **ret_how, struct error *err)
{
	char address[PATH_MAX];
	/* As the default it is what runs when nobody names it. */
	const char *const argv[] = {
		"docker",
		"-H",
		address,
		"run",
		"--rm",
		"--name",
		smoke->name,
		"--cidfile",
		smoke->id_file,
		"--network",
		"none",
		"--runtime",
		inst->as_default ? "" : STINT_HANDLER,
		smoke->name,
		"/stint",
		"--version",
		NULL,
	};
	int r;

	socket_of(inst, address);
	r = import(smoke, address, err);
	*ret_how = inst->as_default ? "docker run" : "docker run --runtime stint";
	return r < 0 ? r : smoke_run(argv, err);
}

static void forget(const struct installation *inst, const struct smoke *smoke)
{
	char address[PATH_MAX];
	const char *const container[] = {"docker", "-H", address, "rm", "-f", smoke->name, NULL};
	const char *const image[] = {"docker", "-H", address, "rmi", "-f", smoke->name, NULL};
	_cleanup_command_ struct command first = {0}, second = {0};

	socket_of(inst, address);
	(void)command_run(container, DOCKER_SECONDS, &first, NULL);
	(void)command_run(image, DOCKER_SECONDS, &second, NULL);
}

const struct engine engine_docker = {
	.files = &docker_files,
	.plan = plan,
	.cut = docker_cut,
	.validate = validate,
	.reload = reload,
	.run = run,
	.forget = forget,
	.installed = "docker run --runtime stint ... is on its allotment; with --as-default every new container is.",
	.removed = "Containers that were made with the runtime stint cannot be started again; make them anew.",
};
