/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shim/recorder_peers.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "lib/base/json.h"

enum { ANCESTORS_MAX = 8, PEER_READ = 64 << 10 };

/* --- the socket --- */

static int watch(const struct peers *peers, int fd, uint32_t number)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = number};

	return epoll_ctl(peers->epoll, EPOLL_CTL_ADD, fd, &event);
}

int peers_open(struct peers *peers, const char *path, const char *id, const char *proc, int epoll, struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	*peers = (struct peers){.epoll = epoll, .id = id, .proc = proc};
	for (int i = 0; i < PEERS_MAX; i++)
		peers->list[i] = (struct peer){.fd = -1, .filter = -1};
	peers->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (strlen(path) >= sizeof address.sun_path)
		return error_set(err, ENOTSUP, "record system calls by notification: %.60s… is no path for a socket, which has at most "
					       "%zu bytes; a shorter id is needed", path, sizeof address.sun_path - 1);
	(void)strcpy(address.sun_path, path);
	if (peers->socket < 0 || bind(peers->socket, (struct sockaddr *)&address, sizeof address) < 0 ||
	    listen(peers->socket, PEERS_MAX) < 0 || watch(peers, peers->socket, PEERS_MAX) < 0)
		return error_errno(err, errno, "record system calls by notification: listen on %s", path);
	return 0;
}

static void drop(struct peer *peer)
{
	free(peer->text);
	(void)close_fd(peer->fd);
	(void)close_fd(peer->filter);
	*peer = (struct peer){.fd = -1, .filter = -1};
}

void peers_close(struct peers *peers)
{
	for (int i = 0; i < PEERS_MAX; i++)
		drop(&peers->list[i]);
	peers->socket = close_fd(peers->socket);
}

static void take_one(struct peers *peers)
{
	struct peer *peer = &peers->list[peers->next];
	socklen_t size = sizeof(struct ucred);
	struct ucred who;
	int fd = accept4(peers->socket, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) < 0 || who.uid != 0 || who.pid <= 0) {
		(void)close(fd);
		return;
	}
	drop(peer);
	*peer = (struct peer){.fd = fd, .filter = -1, .pid = who.pid};
	if (watch(peers, fd, peers->next) < 0)
		drop(peer);
	peers->next = (peers->next + 1) % PEERS_MAX;
}

/* --- what a peer says --- */

/* One descriptor, once. Others that came are closed, whatever becomes of it. */
static bool take_descriptors(struct peer *peer, struct msghdr *message)
{
	bool good = !(message->msg_flags & MSG_CTRUNC);

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
			if (peer->filter < 0 && peer->length == 0 && count == 1) {
				peer->filter = fd;
			} else {
				(void)close(fd);
				good = false;
			}
		}
	}
	return good;
}

/* 1: there may be more; 0: that was all there is for now; -1: nothing good comes from there. */
static int hear(struct peer *peer)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(2 * sizeof(int))];
	} control;
	struct iovec data;
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
	char *text = peer->length + PEER_READ > PEER_TEXT_MAX ? NULL : realloc(peer->text, peer->length + PEER_READ);
	ssize_t n;

	if (!text)
		return -1;
	peer->text = text;
	data = (struct iovec){text + peer->length, PEER_READ};
	n = recvmsg(peer->fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	if (!take_descriptors(peer, &message) || n == 0 || peer->filter < 0)
		return -1;
	peer->length += (size_t)n;
	return 1;
}

static bool is_notifications(int fd)
{
	uint64_t none = 0;

	return ioctl(fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &none) < 0 && errno == ENOENT;
}

static bool is_ancestor(const char *proc, pid_t of, pid_t who)
{
	for (int i = 0; i < ANCESTORS_MAX && of > 1; i++) {
		if (of == who)
			return true;
		of = process_status_number(proc, of, "PPid");
	}
	return false;
}

/* It is of this container; a process that it names is its own or its child, and not anybody else's. (crun's `create` may have
 * ended by now, and its child is another's then.) */
static bool is_right(const struct peers *peers, const struct peer *peer, const struct json *state, struct handed *handed)
{
	const struct json *fds = json_get(state, "fds");
	const char *name = fds ? json_string(fds->first) : NULL, *id = json_string(json_find(state, "state.id"));
	bool is_there;
	int64_t pid;

	if (!name || strcmp(name, "seccompFd") != 0 || fds->first->next || !id || strcmp(id, peers->id) != 0 ||
	    !json_get(state, "pid") || json_int64(json_get(state, "pid"), &pid, NULL) < 0 || pid < 0 || pid > INT32_MAX)
		return false;
	handed->process = (pid_t)pid;
	is_there = process_first_word(peers->proc, peer->pid, handed->runtime);
	return is_notifications(peer->filter) && (!pid || !is_there || is_ancestor(peers->proc, handed->process, peer->pid));
}

/* Who handed it over is gone. The runtime forked it, and it may have begun by now. */
static void take_word_of_process(const struct peers *peers, struct handed *handed)
{
	if (!process_first_word(peers->proc, handed->process, handed->runtime) || process_has_executed(peers->proc, handed->process))
		handed->runtime[0] = '\0';
}

/* The end of an object is the end of what is said: a runtime may keep the connection (crun does). */
static bool has_said_all(const struct peer *peer, struct json_doc **ret_state)
{
	size_t end = peer->length;

	while (end && strchr(" \t\r\n", peer->text[end - 1]))
		end--;
	return end && peer->text[end - 1] == '}' && json_parse("state", peer->text, peer->length, ret_state, NULL) == 0;
}

bool peers_attend(struct peers *peers, uint32_t event, struct handed *ret_handed)
{
	_cleanup_json_ struct json_doc *state = NULL;
	struct handed handed = {.filter = -1};
	struct peer *peer;
	int r;

	if (event == PEERS_MAX) {
		take_one(peers);
		return false;
	}
	peer = &peers->list[event];
	if (peer->fd < 0)
		return false;
	r = hear(peer);
	if (r > 0 && !has_said_all(peer, &state))
		return false;
	if (r > 0 && is_right(peers, peer, json_root(state), &handed)) {
		if (!handed.runtime[0])
			take_word_of_process(peers, &handed);
		handed.filter = steal_fd(&peer->filter);
	} else if (r != 0 && peer->filter >= 0 && is_notifications(peer->filter)) {
		handed.refused = true;
		handed.filter = steal_fd(&peer->filter);
	}
	if (r != 0)
		drop(peer);
	if (handed.filter < 0)
		return false;
	*ret_handed = handed;
	return true;
}
