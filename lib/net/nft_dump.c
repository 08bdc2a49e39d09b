/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/net/nft_dump.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <sys/socket.h>

#include "lib/net/nft_rule.h"

enum { DUMP_SEQUENCE = 1 << 30 }; /* of no message of a batch */

static int ask(int fd, uint16_t type, const char *table, const char *set, struct error *err)
{
	static const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	_Alignas(struct nlmsghdr) char buffer[NFT_MESSAGE_ROOM];
	/* A table is asked for alone or with all others. The table's name is the first attribute of everything else. */
	struct nlmsghdr *request = nftnl_nlmsg_build_hdr(buffer, type, NFPROTO_INET, NLM_F_DUMP, DUMP_SEQUENCE);

	if (type != NFT_MSG_GETTABLE)
		mnl_attr_put_strz(request, NFTA_OBJ_TABLE, table);
	if (set)
		mnl_attr_put_strz(request, NFTA_SET_ELEM_LIST_SET, set);
	if (sendto(fd, request, request->nlmsg_len, 0, (const struct sockaddr *)&kernel, sizeof kernel) < 0)
		return error_errno(err, errno, "read the network's rules: ask the kernel");
	return 0;
}

struct reading {
	nft_dumped *dumped;
	void *data;
	bool done, interrupted;
	int failure;
};

static void read_messages(const char *buffer, size_t length, struct reading *reading)
{
	const struct nlmsghdr *message = (const void *)buffer;
	int left = (int)length;

	for (; mnl_nlmsg_ok(message, left) && !reading->done; message = mnl_nlmsg_next(message, &left)) {
		const struct nlmsgerr *told = mnl_nlmsg_get_payload(message);

		if (message->nlmsg_seq != DUMP_SEQUENCE)
			continue;
		reading->interrupted |= (message->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
		if (message->nlmsg_type == NLMSG_ERROR && !reading->failure)
			reading->failure = told->error;
		reading->done = message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR;
		if (!reading->done && !reading->failure)
			reading->failure = reading->dumped(message, reading->data);
	}
}

int nft_dump(int fd, uint16_t type, const char *table, const char *set, nft_dumped *dumped, void *data, struct error *err)
{
	_Alignas(struct nlmsghdr) char buffer[32768]; /* no kernel fills a larger one */
	struct reading reading = {.dumped = dumped, .data = data};
	int r = ask(fd, type, table, set, err);

	if (r < 0)
		return r;
	while (!reading.done) {
		ssize_t length = recv(fd, buffer, sizeof buffer, 0);

		if (length < 0 && errno != EINTR)
			return error_errno(err, errno, "read the network's rules");
		if (length > 0)
			read_messages(buffer, (size_t)length, &reading);
	}
	if (reading.failure)
		return error_errno(err, -reading.failure, "read the network's rules");
	return reading.interrupted ? error_set(err, EINTR, "read the network's rules: they were changed meanwhile") : 0;
}
