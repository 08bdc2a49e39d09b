/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/object.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>

#include "lib/net/nft_internal.h"
#include "lib/net/nft_read.h"

int nft_watch(int *ret_fd, struct error *err)
{
	static const struct sockaddr_nl address = {.nl_family = AF_NETLINK};
	static const int group = NFNLGRP_NFTABLES;
	_cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) < 0)
		return error_errno(err, errno, "listen to what the kernel says of the network's rules");
	*ret_fd = steal_fd(&fd);
	return 0;
}

/* The kernel tells of a quota that is spent as if it were new, in nobody's name. */
static bool spent(const struct nlmsghdr *message, struct nft_event *event)
{
	struct nftnl_obj *object;
	int quota = -ENOENT;

	if (NFNL_MSG_TYPE(message->nlmsg_type) != NFT_MSG_NEWOBJ || message->nlmsg_pid != 0)
		return false;
	object = nftnl_obj_alloc();
	if (!object)
		return false;
	if (nftnl_obj_nlmsg_parse(message, object) == 0)
		quota = nft_quota_of(object, &event->used);
	nftnl_obj_free(object);
	if (quota < 0)
		return false;
	event->kind = NFT_EVENT_QUOTA_SPENT;
	event->quota = (unsigned)quota;
	return true;
}

static bool read_event(const struct nlmsghdr *message, uint32_t own_port, struct nft_event *event)
{
	if (!nft_is_ours(message) || NFNL_MSG_TYPE(message->nlmsg_type) == NFT_MSG_NEWGEN)
		return false;
	event->kind = NFT_EVENT_CHANGED;
	return spent(message, event) || message->nlmsg_pid != own_port;
}

static void read_events(const void *buffer, size_t length, uint32_t own_port, nft_told *told, void *data)
{
	const struct nlmsghdr *message = buffer;
	int left = (int)length;

	for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
		struct nft_event event = {0};

		if (read_event(message, own_port, &event))
			told(&event, data);
	}
}

int nft_read_events(int watch_fd, int own_fd, nft_told *told, void *data, struct error *err)
{
	static const struct nft_event lost = {.kind = NFT_EVENT_LOST};
	_Alignas(struct nlmsghdr) char buffer[32768];
	struct sockaddr_nl own = {0}, from;
	socklen_t own_size = sizeof own, from_size;

	if (getsockname(own_fd, (struct sockaddr *)&own, &own_size) < 0)
		return error_errno(err, errno, "listen to the kernel: which socket is ours");
	for (;;) {
		ssize_t length;

		from_size = sizeof from;
		length = recvfrom(watch_fd, buffer, sizeof buffer, 0, (struct sockaddr *)&from, &from_size);
		if (length >= 0 && from.nl_pid == 0)
			read_events(buffer, (size_t)length, own.nl_pid, told, data);
		else if (length < 0 && errno == ENOBUFS)
			told(&lost, data);
		else if (length < 0 && errno != EINTR)
			break;
	}
	return errno == EAGAIN ? 0 : error_errno(err, errno, "listen to what the kernel says of the network's rules");
}
