/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starting stint-network, and speaking to it. */
#include "lib/launch/network.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>

#include "lib/base/cleanup.h"
#include "lib/launch/control.h"
#include "lib/launch/internal.h"

/* Entering a namespace and handing the kernel a batch takes milliseconds; a list of 100,000 prefixes a second. */
enum { APPLY_TIMEOUT_MS = 15000, BRING_BACK_TIMEOUT_MS = 5000 };

static int spawn(const struct host *host, const struct cgroup_layout *layout, const char *key, int socket, int launcher_pidfd,
		 struct error *err)
{
	char path[PATH_MAX], root[PATH_MAX], key_copy[STATE_KEY_MAX];
	char program[] = "stint-network", launched[] = "--launched", resume[] = "--resume";
	char *argv[] = {program, launcher_pidfd >= 0 ? launched : resume, root, key_copy, NULL};
	pid_t pid;
	int r = program_path(program, path, err);

	if (r < 0)
		return r;
	if (access(path, X_OK) < 0)
		return error_set(err, ENOTSUP, "set network rules: there is no %s: this stint was installed without it", path);
	(void)snprintf(root, sizeof root, "--root=%s", host->root);
	(void)snprintf(key_copy, sizeof key_copy, "%s", key);
	pid = program_fork(host, layout);
	if (pid < 0)
		return error_errno(err, errno, "start stint-network");
	if (pid == 0) {
		/* The child's child is nobody's: crun's `run` and `exec` wait for all that they have. */
		if (fork() == 0)
			program_become(path, argv, socket, launcher_pidfd);
		_exit(0);
	}
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return 0;
}

int network_start(const struct host *host, const struct cgroup_layout *layout, const char *key, int state_fd,
		  int launcher_pidfd, struct error *err)
{
	_cleanup_close_ int socket = -1;
	int r = control_listen(state_fd, NETWORK_SOCKET, &socket, err);

	return r < 0 ? r : spawn(host, layout, key, socket, launcher_pidfd, err);
}

int network_hook(const struct host *host, const char *key, struct network_hook *hook, struct error *err)
{
	unsigned count = 1;
	int r = program_path("stint-hook", hook->path, err);

	(void)snprintf(hook->root, sizeof hook->root, "--root=%s", host->root);
	(void)snprintf(hook->key, sizeof hook->key, "--key=%s", key);
	hook->args[0] = "stint-hook";
	if (host->root[0])
		hook->args[count++] = hook->root;
	hook->args[count++] = hook->key;
	hook->args[count++] = "network";
	hook->args[count] = NULL;
	hook->hook = (struct edit_hook){hook->path, hook->args, NETWORK_HOOK_TIMEOUT_SECONDS};
	return r;
}

static int ask(int state_fd, const struct network_message *message, int timeout_ms, struct error *err)
{
	struct network_answer answer;
	_cleanup_close_ int fd = -1;
	int r = control_connect(state_fd, NETWORK_SOCKET, "stint-network", &fd, err);

	if (r == 0)
		r = control_exchange(fd, "stint-network", message, sizeof *message, &answer, sizeof answer, timeout_ms, err);
	if (r == 0 && answer.result < 0)
		return error_set(err, -answer.result, "%.*s", (int)sizeof answer.text - 1, answer.text);
	return r;
}

int network_apply(int state_fd, pid_t init, struct error *err)
{
	const struct network_message message = {.verb = NETWORK_APPLY, .pid = init};

	return ask(state_fd, &message, APPLY_TIMEOUT_MS, err);
}

int network_read(int state_fd, int timeout_ms, struct error *err)
{
	const struct network_message message = {.verb = NETWORK_READ};

	return ask(state_fd, &message, timeout_ms, err);
}

bool network_has_ended(int state_fd)
{
	_cleanup_close_ int policy = openat(state_fd, NETWORK_POLICY, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	return policy >= 0 && flock(policy, LOCK_SH | LOCK_NB) == 0;
}

static bool is_missed(const struct ledger *ledger, int state_fd)
{
	const struct ledger_state *state = ledger_current(ledger);

	return ledger->plan.network && !ledger->plan.network_owned && atomic_load(&ledger->network.applied) &&
	       !atomic_load(&ledger->finished) && !state->ended_boot_ns && !state->kill_after_boot_ns && network_has_ended(state_fd);
}

int network_bring_back(const struct host *host, const char *key, int state_fd, const struct ledger *ledger, struct error *err)
{
	struct cgroup_layout layout;
	int r;

	if (!is_missed(ledger, state_fd))
		return 0;
	r = cgroup_layout_read(host, &layout, err);
	if (r == 0)
		r = network_start(host, &layout, key, state_fd, -1, err);
	/* It answers when it is ready, and has the lock then. */
	if (r == 0)
		r = network_read(state_fd, BRING_BACK_TIMEOUT_MS, err);
	return r < 0 ? r : 1;
}

/* A message of another's is bounded like any. */
static int take_endpoints(const struct network_endpoints *page, uint32_t first, struct endpoints *endpoints, struct error *err)
{
	int r = 0;

	if (page->answer.result < 0)
		return error_set(err, -page->answer.result, "%.*s", (int)sizeof page->answer.text - 1, page->answer.text);
	for (uint32_t i = 0; i < NETWORK_ENDPOINTS_A_MESSAGE && first + i < page->total && r == 0; i++)
		r = endpoints_add(endpoints, &page->list[i], err);
	endpoints->more |= page->more != 0;
	return r;
}

int network_ask_endpoints(int state_fd, int timeout_ms, struct endpoints *ret_endpoints, struct error *err)
{
	_cleanup_endpoints_ struct endpoints endpoints = {0};
	_cleanup_free_ struct network_endpoints *page = malloc(sizeof *page);
	struct network_message message = {.verb = NETWORK_ENDPOINTS};
	uint32_t total = 1;
	int r = page ? 0 : error_set(err, ENOMEM, "read the endpoints: out of memory");

	while (r == 0 && (uint32_t)message.pid < total) {
		_cleanup_close_ int fd = -1;

		r = control_connect(state_fd, NETWORK_SOCKET, "stint-network", &fd, err);
		if (r == 0)
			r = control_exchange(fd, "stint-network", &message, sizeof message, page, sizeof *page, timeout_ms, err);
		if (r == 0)
			r = take_endpoints(page, (uint32_t)message.pid, &endpoints, err);
		total = r == 0 && page->total < ENDPOINTS_MAX ? page->total : ENDPOINTS_MAX;
		message.pid += NETWORK_ENDPOINTS_A_MESSAGE;
	}
	if (r < 0)
		return r;
	*ret_endpoints = endpoints;
	endpoints = (struct endpoints){0};
	return 0;
}
