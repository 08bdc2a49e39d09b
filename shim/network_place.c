/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the rules go: into this container's network namespace, and never into the host's. */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "lib/base/cleanup.h"
#include "lib/base/process.h"
#include "shim/network.h"

static pid_t parent_of(const struct host *host, pid_t pid)
{
	return process_status_number(host->proc, pid, "PPid");
}

static bool is_in_group(const struct network *n, pid_t pid)
{
	enum { MANY = 4096 };
	pid_t pids[MANY];
	struct cgroup group = CGROUP_CLOSED(&n->layout);
	int count = cgroup_open(&n->host, &n->layout, n->ledger->plan.cgroup_path, &group, NULL) < 0 ? 0 :
			    cgroup_pids(&group, pids, MANY);

	cgroup_close(&group);
	for (int i = 0; i < count && i < MANY; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

/* By the group that nobody but us makes; or, where there is none, by who asks: a hook is a child of the runtime that the first
 * process is a child of, too. */
static bool is_this_containers(const struct network *n, pid_t pid, pid_t peer)
{
	const struct ledger_plan *plan = &n->ledger->plan;
	pid_t init = ledger_current(n->ledger)->init;

	if (plan->nested)
		return is_in_group(n, pid);
	if (init)
		return pid == init;
	return peer > 1 && parent_of(&n->host, pid) > 1 && parent_of(&n->host, pid) == parent_of(&n->host, peer);
}

static bool has_ended(int pidfd)
{
	struct pollfd wait = {.fd = pidfd, .events = POLLIN};

	return poll(&wait, 1, 0) != 0;
}

static int not_ours(pid_t pid, struct error *err)
{
	return error_set(err, ESRCH, "set the network rules: process %d is none of this container's", (int)pid);
}

static bool same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Init's is the host's wherever we are called from; ours is, whatever init is here. Where stint itself runs in a container init may be
 * one that is not to be looked at (measured: EACCES for a root without all of init's capabilities): then it is ours that counts. */
static int check_namespace(const struct network *n, int namespace, struct error *err)
{
	static const char *const hosts[] = {"1", "self"};
	char path[PATH_MAX];
	struct stat its, host;

	if (fstat(namespace, &its) < 0)
		return error_errno(err, errno, "look at the container's network namespace");
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		(void)snprintf(path, sizeof path, "%s/%s/ns/net", n->host.proc, hosts[i]);
		if (stat(path, &host) < 0 && errno == EACCES && i == 0)
			continue;
		if (stat(path, &host) < 0)
			return error_errno(err, errno, "look at the host's network namespace (%s)", path);
		if (same(&its, &host))
			return error_set(err, EPERM, "set the network rules: the container is in the host's network namespace, whose rules "
						     "are not stint's to set; give it one of its own, or a profile without network rules");
	}
	return 0;
}

int place_enter(struct network *n, pid_t pid, pid_t peer, int *ret_pidfd, struct error *err)
{
	_cleanup_close_ int pidfd = -1, namespace = -1;
	char path[PATH_MAX];
	int r;

	if (pid <= 1)
		return error_set(err, EINVAL, "set the network rules: %d is no container's first process", (int)pid);
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0 || !is_this_containers(n, pid, peer))
		return not_ours(pid, err);
	(void)snprintf(path, sizeof path, "%s/%d/ns/net", n->host.proc, (int)pid);
	namespace = open(path, O_RDONLY | O_CLOEXEC);
	if (namespace < 0)
		return error_errno(err, errno, "set the network rules: open the container's network namespace");
	if (has_ended(pidfd)) /* the number may have been another's by then */
		return not_ours(pid, err);
	r = check_namespace(n, namespace, err);
	if (r < 0)
		return r;
	if (setns(namespace, CLONE_NEWNET) < 0)
		return error_errno(err, errno, "set the network rules: enter the container's network namespace");
	*ret_pidfd = steal_fd(&pidfd);
	return 0;
}

/* The rules that are there are another container's, which is there: to replace them would be to lift them. */
static int check_holder(struct network *n, struct error *err)
{
	char holder[NET_HOLDER_MAX], path[NET_HOLDER_MAX + 32];
	int r = rules_holder(n->rules, holder, err);

	if (r < 0 || !holder[0] || holder[0] == '.' || strchr(holder, '/') || strcmp(holder, n->ledger->plan.key) == 0)
		return r;
	(void)snprintf(path, sizeof path, "../%s/%s", holder, NETWORK_POLICY);
	if (faccessat(n->state_fd, path, F_OK, 0) < 0)
		return 0;
	return error_set(err, EBUSY, "set the network rules: the network namespace is container %s's, whose rules hold there; give the "
				     "container one of its own, or a profile without network rules", holder);
}

int place_scope(struct network *n, pid_t pid, pid_t peer, struct error *err)
{
	struct net_scope scope = {0};

	if (rules_policy(n->rules)->shared && cgroup_unified_own(&n->host, &n->layout, pid, peer, &scope.group, &scope.level, err) < 0)
		return error_prefix(err, "set the network rules in a namespace that is others', too");
	rules_scope(n->rules, &scope);
	return check_holder(n, err);
}
