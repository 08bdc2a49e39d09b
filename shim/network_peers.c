/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who speaks to stint-network, and the monitor that it speaks to. */
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/launch/control.h"
#include "shim/network.h"

enum { SAID_WITHIN_MS = 100 };

static void answer(int fd, int result, const struct error *why)
{
	struct network_answer text = {.result = result};

	if (result < 0)
		(void)snprintf(text.text, sizeof text.text, "%s", why->text);
	(void)send(fd, &text, sizeof text, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static int set_rules(struct network *n, pid_t pid, pid_t peer, struct error *err)
{
	int r = place_enter(n, pid, peer, &n->applied_to, err);

	if (r == 0)
		r = place_scope(n, pid, peer, err);
	if (r < 0)
		return r;
	r = flows_open(n, err);
	if (r == 0)
		r = rules_set(n->rules, n->ledger->plan.key, err);
	if (r == 0) {
		n->ledger->network.scope = rules_policy(n->rules)->scope;
		r = confine_at_work(err);
	}
	if (r < 0)
		rules_let_go(n->rules);
	return r;
}

/* A second hook of the same container's says the same again. */
static int apply(struct network *n, pid_t pid, pid_t peer, struct error *err)
{
	int r;

	if (!n->rules)
		return error_set(err, EINVAL, "%s", n->failure.text);
	if (n->applied_to >= 0)
		return pid == n->applied_pid ? 0 : error_set(err, EEXIST, "set the network rules: they are those of process %d already",
							     (int)n->applied_pid);
	r = set_rules(n, pid, peer, err);
	if (r < 0)
		return r;
	n->applied_pid = pid;
	atomic_store(&n->ledger->network.applied, 1);
	return 0;
}

static int read_named(struct network *n, struct endpoints *ret_endpoints, struct error *err)
{
	int r = rules_read_endpoints(n->rules, ret_endpoints, err);

	if (r == 0)
		flows_name_endpoints(n, ret_endpoints); /* not before they are read: what began since is the less */
	return r;
}

static void add_endpoints(struct network *n, struct ledger_figures *figures)
{
	_cleanup_endpoints_ struct endpoints endpoints = {0};

	figures->has_endpoints = rules_policy(n->rules)->record.set && read_named(n, &endpoints, NULL) == 0;
	figures->endpoint_count = endpoints_largest(&endpoints, figures->endpoints, LEDGER_ENDPOINTS_MAX);
}

static int read_figures(struct network *n, struct error *err)
{
	struct ledger_figures figures;
	int r;

	flows_attend(n, true);
	r = n->applied_to < 0 ? error_set(err, ENODATA, "the network rules are not set yet") : rules_read(n->rules, &figures, err);

	if (r < 0)
		return r;
	add_endpoints(n, &figures);
	ledger_publish_figures(n->ledger, &figures);
	return 0;
}

static int read_endpoints(struct network *n, struct error *err)
{
	struct endpoints endpoints;
	int r = n->applied_to < 0 ? error_set(err, ENODATA, "the endpoints are not recorded yet") :
				    read_named(n, &endpoints, err);

	if (r < 0)
		return r;
	endpoints_close(&n->endpoints);
	n->endpoints = endpoints;
	return 0;
}

/* A page of them. */
static void answer_endpoints(struct network *n, int fd, uint32_t first)
{
	static struct network_endpoints page;
	struct error err = {0};
	const struct endpoints *all = &n->endpoints;

	memset(&page, 0, sizeof page);
	page.answer.result = first == 0 ? read_endpoints(n, &err) : 0;
	if (page.answer.result < 0)
		(void)snprintf(page.answer.text, sizeof page.answer.text, "%s", err.text);
	page.total = page.answer.result < 0 ? 0 : all->count;
	page.more = all->more;
	for (uint32_t i = 0; i < NETWORK_ENDPOINTS_A_MESSAGE && first < page.total && first + i < page.total; i++)
		page.list[i] = all->list[first + i];
	(void)send(fd, &page, sizeof page, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Who connects and says nothing must not hold us up. */
static bool take(int fd, struct network_message *message)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};

	return poll(&wait, 1, SAID_WITHIN_MS) == 1 && recv(fd, message, sizeof *message, MSG_DONTWAIT) == (ssize_t)sizeof *message;
}

void peers_serve(struct network *n)
{
	struct network_message message;
	struct error err = {0};
	struct ucred peer;
	socklen_t size = sizeof peer;
	_cleanup_close_ int fd = accept4(n->fds[NETWORK_FROM_SOCKET], NULL, NULL, SOCK_CLOEXEC);
	int r;

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || peer.uid != 0 || !take(fd, &message))
		return;
	if (message.verb == NETWORK_ENDPOINTS)
		return answer_endpoints(n, fd, (uint32_t)message.pid);
	if (message.verb == NETWORK_APPLY)
		r = apply(n, message.pid, peer.pid, &err);
	else if (message.verb == NETWORK_READ)
		r = read_figures(n, &err);
	else
		r = error_set(&err, EINVAL, "stint-network: there is no verb %u", message.verb);
	answer(fd, r, &err);
	/* Half in another namespace there is nothing left to be done well. */
	if (r < 0 && message.verb == NETWORK_APPLY && n->applied_to >= 0 && !n->applied_pid)
		_exit(1);
}

void peers_refuse(int socket, int launcher, const struct error *why)
{
	struct pollfd wait[] = {{.fd = socket, .events = POLLIN}, {.fd = launcher, .events = POLLIN}};
	struct network_message message;
	_cleanup_close_ int fd = -1;

	if (launcher < 0 || poll(wait, ARRAY_SIZE(wait), -1) < 1 || !wait[0].revents)
		return;
	fd = accept4(socket, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0 && take(fd, &message))
		answer(fd, -EIO, why);
}

/* That nobody listens any more, the connection's end says too. */
static void say(struct network *n, const struct network_news *news)
{
	if (n->fds[NETWORK_FROM_MONITOR] >= 0)
		(void)send(n->fds[NETWORK_FROM_MONITOR], news, sizeof *news, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void monitor_tell(struct network *n, enum budget budget, bool spent, uint64_t used)
{
	const struct network_news news = {.kind = spent ? NETWORK_SPENT : NETWORK_WARNED, .budget = (uint32_t)budget, .used = used};

	say(n, &news);
}

/* One that comes later, or another one, hears what was said before. */
static void tell_all(struct network *n)
{
	for (int b = 0; b < BUDGET_COUNT; b++) {
		if (n->warned & UINT32_C(1) << b)
			monitor_tell(n, (enum budget)b, false, n->used[b]);
		if (n->spent & UINT32_C(1) << b)
			monitor_tell(n, (enum budget)b, true, n->used[b]);
	}
}

void monitor_connect(struct network *n)
{
	const struct control_message message = {.verb = CONTROL_NETWORK, .value = getpid()};
	size_t size = offsetof(struct control_message, limits);
	_cleanup_close_ int fd = -1;

	if (control_connect(n->state_fd, CONTROL_SOCKET, "the monitor", &fd, NULL) < 0 ||
	    send(fd, &message, size, MSG_NOSIGNAL) != (ssize_t)size)
		return;
	n->fds[NETWORK_FROM_MONITOR] = steal_fd(&fd);
	if (network_wait_for(n, NETWORK_FROM_MONITOR, NULL) < 0)
		n->fds[NETWORK_FROM_MONITOR] = close_fd(n->fds[NETWORK_FROM_MONITOR]);
	tell_all(n);
}

/* Its standby listens on the same socket; a monitor that is started anew makes one, which we see. Who takes no connection
 * of ours for long is left alone until then. */
static void monitor_lost(struct network *n)
{
	enum { TRIES = 8 };

	network_drop(n, NETWORK_FROM_MONITOR);
	if (n->unwelcome++ < TRIES)
		monitor_connect(n);
}

void monitor_attend(struct network *n)
{
	struct network_news news = {.kind = NETWORK_HAS_READ};
	struct network_message message;
	struct error err = {0};
	ssize_t length = recv(n->fds[NETWORK_FROM_MONITOR], &message, sizeof message, MSG_DONTWAIT);

	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (length != (ssize_t)sizeof message)
		return monitor_lost(n);
	n->unwelcome = 0;
	if (message.verb != NETWORK_READ)
		return;
	news.used = read_figures(n, &err) == 0;
	say(n, &news);
}
