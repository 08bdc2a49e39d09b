/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stint-network: sets one container's network rules, before it begins, and hears what becomes of its byte budgets.
 *
 * Theory of operation
 *
 * The launcher (`stint run`, stint-runtime, stint-hook) starts us before the runtime when the plan has network rules or network
 * budgets, with a listening socket in the container's state directory on descriptor 3 and a pidfd of itself on 4. While
 * the runtime loads we read the policy (network.json) and build the batch of netlink messages. A createRuntime hook, which the launcher
 * put into the container's config, tells us the pid of the container's first process: it is there, its namespaces too, and it
 * has not begun. We make sure that it is this container's and that its network namespace is not the host's, enter that
 * namespace for good, have the kernel set the rules, and answer: only then the runtime goes on. What is wrong until
 * then is told there, and the container is not created.
 *
 * From then on we are in no namespace but the container's, with no capability but CAP_NET_ADMIN and a seccomp filter, and hold
 * two netlink sockets: one for questions (the figures), one for what the rules log (network_flows.c), a quota that is spent among it.
 * That goes to the monitor at once, by a connection to its control socket that we keep, and make again when the monitor is another one. Where the table is
 * owned by our socket (the container has CAP_NET_ADMIN itself) it goes with us: the monitor sees our end.
 *
 * When our socket in the state directory is taken away (the monitor, when the report is written; whoever undoes what was prepared), or
 * our launcher ends before there is a monitor, we are done.
 */
#include "shim/network.h"

#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "lib/base/cleanup.h"
#include "lib/base/file.h"
#include "lib/state/state_dir.h"
#include "shim/settle.h"

enum { SOCKET_FD = 3, LAUNCHER_FD = 4 };

int network_wait_for(struct network *n, enum network_source source, struct error *err)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = source};

	if (n->fds[source] < 0 || epoll_ctl(n->epoll, EPOLL_CTL_ADD, n->fds[source], &event) < 0)
		return error_errno(err, errno, "wait for what happens to the container's network");
	return 0;
}

void network_drop(struct network *n, enum network_source source)
{
	(void)epoll_ctl(n->epoll, EPOLL_CTL_DEL, n->fds[source], NULL);
	n->fds[source] = close_fd(n->fds[source]);
}

static int settle(struct network *n, const char *root, bool launched, struct error *err)
{
	int r = settle_let_go(launched ? LAUNCHER_FD + 1U : SOCKET_FD + 1U, err);

	if (r == 0)
		r = host_init(&n->host, root, err);
	if (r == 0)
		r = cgroup_layout_read(&n->host, &n->layout, err);
	if (r == 0)
		r = settle_move_away(&n->host, &n->layout, err);
	if (r < 0)
		return r;
	(void)umask(022);
	(void)setsid();
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)prctl(PR_SET_DUMPABLE, 0);
	settle_prepare_to_be_prompt();
	return 0;
}

/* Its policy is locked as long as we live: who is not connected to us can tell, too. */
static int open_state(struct network *n, const char *key, struct error *err)
{
	_cleanup_close_ int run_fd = -1;
	int r = state_open(&n->host, &run_fd, err);

	if (r < 0)
		return r;
	n->state_fd = openat(run_fd, key, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (n->state_fd < 0)
		return error_errno(err, errno, "open the state of %s", key);
	r = ledger_open(n->state_fd, true, &n->ledger, &n->ledger_fd, err);
	if (r < 0)
		return r;
	n->lock = openat(n->state_fd, NETWORK_POLICY, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (n->lock < 0 || flock(n->lock, LOCK_EX | LOCK_NB) < 0)
		return error_errno(err, errno, "lock the network policy of %s", key);
	atomic_store(&n->ledger->network.pid, getpid());
	return 0;
}

static int open_events(struct network *n, bool launched, struct error *err)
{
	char path[64];
	int r;

	n->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (n->epoll < 0)
		return error_errno(err, errno, "make an epoll set");
	n->fds[NETWORK_FROM_SOCKET] = SOCKET_FD;
	n->fds[NETWORK_FROM_LAUNCHER] = launched ? LAUNCHER_FD : -1;
	n->fds[NETWORK_FROM_STATE] = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", n->state_fd);
	if (n->fds[NETWORK_FROM_STATE] < 0 || inotify_add_watch(n->fds[NETWORK_FROM_STATE], path, IN_DELETE | IN_CREATE) < 0)
		return error_errno(err, errno, "watch the container's state directory");
	r = network_wait_for(n, NETWORK_FROM_STATE, err);
	if (r == 0)
		r = network_wait_for(n, NETWORK_FROM_SOCKET, err);
	if (r == 0 && launched)
		r = network_wait_for(n, NETWORK_FROM_LAUNCHER, err);
	return r;
}

/* The rules were set by one of us that is no more; the container's first process is in the ledger. */
static int go_on(struct network *n, struct error *err)
{
	pid_t init = ledger_current(n->ledger)->init;
	int r = n->rules ? place_enter(n, init, 0, &n->applied_to, err) : error_set(err, EINVAL, "%s", n->failure.text);

	if (r == 0)
		r = rules_find(n->rules, err);
	n->applied_pid = init;
	if (r == 0)
		r = flows_open(n, err);
	if (r == 0)
		r = confine_at_work(err);
	if (r == 0)
		rules_ask_spent(n->rules, network_heard, n); /* what nobody has heard meanwhile */
	return r;
}

static int start(struct network *n, const char *root, const char *key, bool launched, struct error *err)
{
	int r = settle(n, root, launched, err);

	if (r == 0)
		r = open_state(n, key, err);
	if (r == 0)
		r = open_events(n, launched, err);
	if (r == 0)
		r = confine_until_set(err);
	if (r < 0)
		return r;
	/* Told to the hook, that is to whoever creates the container. */
	if (rules_prepare(n->state_fd, &n->rules, &n->failure) < 0)
		n->rules = NULL;
	if (!launched)
		r = go_on(n, err);
	if (r == 0)
		monitor_connect(n);
	return r;
}

/* Our socket is no longer what has the name. */
static bool is_over(const struct network *n)
{
	struct stat named;

	return fstatat(n->state_fd, NETWORK_SOCKET, &named, AT_SYMLINK_NOFOLLOW) < 0;
}

static void drain(int fd)
{
	char events[4096];

	while (read(fd, events, sizeof events) > 0)
		;
}

/* A launcher that ends before there is a monitor leaves no container. */
static bool launcher_gave_up(struct network *n)
{
	network_drop(n, NETWORK_FROM_LAUNCHER);
	return !ledger_watched(n->ledger_fd);
}

void network_heard(enum budget budget, bool spent, uint64_t used, void *network)
{
	struct network *n = network;
	uint32_t *heard = spent ? &n->spent : &n->warned, bit = UINT32_C(1) << budget;

	if (*heard & bit)
		return;
	*heard |= bit;
	n->used[budget] = used;
	monitor_tell(n, budget, spent, used);
}

static void work(struct network *n)
{
	struct epoll_event event;

	while (!is_over(n)) {
		if (epoll_wait(n->epoll, &event, 1, -1) != 1)
			continue;
		switch (event.data.u32) {
		case NETWORK_FROM_LOG:
			flows_attend(n, false);
			break;
		case NETWORK_FROM_SOCKET:
			peers_serve(n);
			break;
		case NETWORK_FROM_MONITOR:
			monitor_attend(n);
			break;
		case NETWORK_FROM_LAUNCHER:
			if (launcher_gave_up(n))
				return;
			break;
		default:
			drain(n->fds[NETWORK_FROM_STATE]);
			n->unwelcome = 0;
			if (n->fds[NETWORK_FROM_MONITOR] < 0)
				monitor_connect(n);
		}
	}
}

int main(int argc, char **argv)
{
	enum { ROOT = 256, LAUNCHED, RESUME, VERIFY, TRY };
	static const struct option options[] = {{"root", required_argument, NULL, ROOT}, {"launched", no_argument, NULL, LAUNCHED},
						{"resume", no_argument, NULL, RESUME},	 {"verify", no_argument, NULL, VERIFY},
						{"try", no_argument, NULL, TRY},
						{NULL, 0, NULL, 0}};
	static struct network n = {.ledger_fd = -1, .state_fd = -1, .applied_to = -1, .epoll = -1,
				   .fds = {[0 ... NETWORK_SOURCES - 1] = -1}};
	struct error err = {0};
	const char *root = "";
	int mode = 0, option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == '?')
			return 2;
		if (option == ROOT)
			root = optarg;
		else
			mode = option;
	}
	if (optind != argc - (mode != TRY) || !mode) {
		fprintf(stderr, "stint-network sets a container's network rules for stint, which starts it.\n");
		return 2;
	}
	if (mode == VERIFY || mode == TRY) {
		if ((mode == TRY ? network_try(&err) : network_verify(root, argv[optind], &err)) == 0)
			return 0;
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	if (start(&n, root, argv[optind], mode == LAUNCHED, &err) < 0) {
		peers_refuse(SOCKET_FD, mode == LAUNCHED ? LAUNCHER_FD : -1, &err);
		return 1;
	}
	work(&n);
	rules_let_go(n.rules);
	return 0;
}
