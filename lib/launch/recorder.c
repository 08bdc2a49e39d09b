/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starting stint-recorder, before the runtime, so that nothing is missed. */
#include "lib/launch/internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "lib/base/cleanup.h"
#include "lib/base/file.h"
#include "lib/oci/config.h"
#include "lib/record/store.h"

static int spawn(const char *const *argv, int launcher_pidfd, int *ret_pipe, struct error *err)
{
	_cleanup_close_ int pipe_read = -1, pipe_write = -1;
	char path[PATH_MAX];
	int fds[2], r = program_path(argv[0], path, err);
	pid_t pid;

	if (r < 0)
		return r;
	if (access(path, X_OK) < 0)
		return error_set(err, ENOTSUP, "record system calls: there is no %s: this stint was built or installed without "
					       "the recorder", path);
	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_errno(err, errno, "start the recorder");
	pipe_read = fds[0];
	pipe_write = fds[1];
	pid = fork();
	if (pid < 0)
		return error_errno(err, errno, "start the recorder");
	if (pid == 0) {
		/* The child's child is nobody's: crun's `run` and `exec` wait for all that they have. */
		if (fork() == 0)
			program_become(path, (char *const *)(uintptr_t)argv, pipe_write, launcher_pidfd);
		_exit(0);
	}
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	*ret_pipe = steal_fd(&pipe_read);
	return 0;
}

int launch_record(const struct launch_request *request, struct launch *launch, struct error *err)
{
	struct recorder_request recorder = {
		.key = launch->key, .workload = request->plan->workload, .watch = request->plan->watch, .launched = true,
		.recorder = request->host_config->recorder,
		.no_new_privileges = config_has_no_new_privileges(json_root(request->config)),
	};

	return recorder_start(request->host, &recorder, &launch->recorder, err);
}

int launch_take_filter(const struct launch_request *request, const struct launch *launch, struct error *err)
{
	_cleanup_json_ struct json_doc *filter = NULL;
	_cleanup_close_ int bundle = -1;
	_cleanup_free_ char *text = NULL;
	struct json *root = json_root(request->config), *linux_node;
	size_t length;
	int r;

	if (faccessat(launch->state_fd, RECORDING_FILTER, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	r = file_read(launch->state_fd, RECORDING_FILTER, JSON_MAX_BYTES, &text, &length, err);
	if (r == 0)
		r = json_parse(RECORDING_FILTER, text, length, &filter, err);
	if (r < 0)
		return r;
	linux_node = json_ensure_object(request->config, root, "linux");
	if (!linux_node ||
	    json_set(request->config, linux_node, "seccomp", json_copy(request->config, json_root(filter))) < 0)
		return error_set(err, ENOMEM, "edit config.json: out of memory");
	bundle = openat(launch->state_fd, "bundle", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (bundle < 0)
		return error_errno(err, errno, "edit config.json: open the bundle of %s", request->id);
	return launch_write_json(bundle, "config.json", root, err);
}

int recorder_start(const struct host *host, const struct recorder_request *request, int *ret_pipe, struct error *err)
{
	_cleanup_close_ int self = request->launched ? (int)syscall(SYS_pidfd_open, getpid(), 0) : -1, pipe = -1;
	char root[PATH_MAX], workload[STORE_NAME_MAX + 16], watch[32], recorder[32], launcher[32];
	const char *argv[11] = {"stint-recorder", root, workload, watch, recorder, launcher};
	int count = 6, r;

	(void)snprintf(root, sizeof root, "--root=%s", host->root);
	(void)snprintf(workload, sizeof workload, "--workload=%s", request->workload);
	(void)snprintf(watch, sizeof watch, "--watch=%d", (int)request->watch);
	(void)snprintf(recorder, sizeof recorder, "--recorder=%d", (int)request->recorder);
	(void)snprintf(launcher, sizeof launcher, "--launcher=%d", request->launched ? (int)getpid() : 0);
	if (request->launched)
		argv[count++] = "--launched";
	if (request->no_new_privileges)
		argv[count++] = "--no-new-privileges";
	argv[count] = request->key;
	if (request->launched && self < 0)
		return error_errno(err, errno, "start the recorder: hold ourselves by a pidfd");
	r = spawn(argv, self, &pipe, err);
	if (r == 0)
		r = program_wait_ready(pipe, "the recorder", err);
	if (r == 0 && ret_pipe)
		*ret_pipe = steal_fd(&pipe);
	return r;
}
