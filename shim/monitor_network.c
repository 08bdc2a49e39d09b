/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the monitor hears of the container's network, from stint-network. */
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "lib/launch/network.h"
#include "shim/monitor.h"

enum { LAST_FIGURES_MS = 500 };

static bool has_network(const struct monitor *m)
{
	return m->ledger->plan.network || m->ledger->plan.network_recorded;
}

void network_let_go(struct monitor *m)
{
	if (m->fds[SOURCE_NETWORK] < 0)
		return;
	/* The standby may have it too: closing it here would not end its events. */
	(void)epoll_ctl(m->epoll, EPOLL_CTL_DEL, m->fds[SOURCE_NETWORK], NULL);
	m->fds[SOURCE_NETWORK] = close_fd(m->fds[SOURCE_NETWORK]);
}

/* The rules themselves stay in the kernel, but for a table that is owned by a socket. Fail closed. */
static void lost(struct monitor *m)
{
	const struct ledger_plan *plan = &m->ledger->plan;

	network_let_go(m);
	/* Who is only recorded goes on; and of rules that could not be set the hook says so. */
	if (!plan->network || m->state.network_lost || m->state.ended_boot_ns || !atomic_load(&m->ledger->network.applied))
		return;
	m->state.network_lost = true;
	if (!plan->network_owned && !plan->kill_on_monitor_loss) {
		monitor_say(m, "stint-network was killed: the rules and byte budgets hold, in the kernel; nobody tells when one is spent");
		return;
	}
	monitor_say(m, "stint-network was killed: the container is killed%s", plan->network_owned ? ", its rules went with it" : "");
	if (!m->state.kill_after_boot_ns)
		m->state.kill_after_boot_ns = m->host.boottime_ns();
}

bool network_adopt(struct monitor *m, int fd, pid_t peer)
{
	const struct network_message welcome = {.verb = NETWORK_WELCOME};

	if (!has_network(m) || peer <= 1 || peer != atomic_load(&m->ledger->network.pid))
		return false;
	network_let_go(m);
	m->fds[SOURCE_NETWORK] = fd;
	(void)send(fd, &welcome, sizeof welcome, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (monitor_listen(m, SOURCE_NETWORK, EPOLLIN, NULL) == 0 && m->state.network_lost) {
		m->state.network_lost = false;
		ledger_warn(&m->state, "stint-network was started again");
	}
	return true;
}

/* One message. False: there is none. */
static bool take(struct monitor *m, struct network_news *news)
{
	ssize_t length = recv(m->fds[SOURCE_NETWORK], news, sizeof *news, MSG_DONTWAIT);

	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (length != (ssize_t)sizeof *news) {
		lost(m);
		return false;
	}
	if (news->budget >= BUDGET_COUNT || !budget_is_network((enum budget)news->budget))
		return true;
	if (news->kind == NETWORK_SPENT)
		m->state.network_spent |= UINT32_C(1) << news->budget;
	else if (news->kind == NETWORK_WARNED)
		m->state.network_warned |= UINT32_C(1) << news->budget;
	if (news->kind == NETWORK_SPENT || news->kind == NETWORK_WARNED)
		m->state.network_used[news->budget] = news->used;
	return true;
}

void network_event(struct monitor *m)
{
	struct network_news news;

	while (m->fds[SOURCE_NETWORK] >= 0 && take(m, &news))
		;
}

void network_check(struct monitor *m)
{
	if (m->ledger->plan.network && atomic_load(&m->ledger->network.applied) && m->fds[SOURCE_NETWORK] < 0 &&
	    network_has_ended(m->state_fd))
		lost(m);
}

void network_read_last(struct monitor *m)
{
	const struct network_message message = {.verb = NETWORK_READ};
	struct pollfd wait = {.fd = m->fds[SOURCE_NETWORK], .events = POLLIN};
	struct network_news news = {0};
	struct ledger_figures figures;
	bool read = false;

	if (m->ledger->plan.network && m->ledger->network.failure[0])
		ledger_warn(&m->state, "%.*s", (int)sizeof m->ledger->network.failure - 1, m->ledger->network.failure);
	if (!has_network(m) || m->state.network_exact)
		return;
	if (wait.fd >= 0 && send(wait.fd, &message, sizeof message, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)sizeof message)
		while (!read && m->fds[SOURCE_NETWORK] >= 0 && poll(&wait, 1, LAST_FIGURES_MS) == 1 && take(m, &news))
			read = news.kind == NETWORK_HAS_READ;
	m->state.network_exact = read && news.used;
	if (ledger_figures(m->ledger, &figures))
		memcpy(m->state.network_used, figures.used, sizeof m->state.network_used);
	if (m->ledger->plan.network && !m->state.network_exact && atomic_load(&m->ledger->network.applied))
		ledger_warn(&m->state, "the figures of the network are those of the last reading, if any: stint-network did not answer");
}

void network_dismiss(struct monitor *m)
{
	if (has_network(m))
		(void)unlinkat(m->state_fd, NETWORK_SOCKET, 0);
}
