/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/net/flow_log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/base/cleanup.h"
#include "lib/net/nft_ruleset.h"

enum {
	RECEIVE_BYTES = 1 << 20, /* a second of answers at the rate that the rules hold them to */
	MESSAGE_BYTES = 1024,	 /* what the kernel sets aside for one: larger packets get more */
	READS_AT_ONCE = 64,
	HEADERS_BYTES = 128,
};

static const struct {
	uint16_t group;
	uint32_t copied; /* of each packet: as much as is looked at */
} groups[FLOW_KINDS] = {
	[FLOW_DENIED] = {NFT_LOG_DENIED, HEADERS_BYTES},
	[FLOW_ANSWER] = {NFT_LOG_ANSWERS, NFT_LOG_LENGTH},
	[FLOW_BEGUN] = {NFT_LOG_BEGUN, HEADERS_BYTES},
	[FLOW_SPENT] = {NFT_LOG_SPENT, HEADERS_BYTES},
};

static int no_log(int code, struct error *err)
{
	return error_errno(err, code, "listen to what the network's rules log%s",
			   code == EBUSY || code == EPERM ? " (of a network namespace one process can, with CAP_NET_ADMIN)" :
			   code == ENOENT || code == EOPNOTSUPP || code == EINVAL ? " (the kernel must have nfnetlink_log)" : "");
}

/* The kernel has answered before sendto() returns; what else is there by then is of a group that has just begun to be heard. */
static int read_acknowledgement(int fd, uint32_t sequence)
{
	_Alignas(struct nlmsghdr) char buffer[1 << 16];

	for (;;) {
		ssize_t length = recv(fd, buffer, sizeof buffer, 0);
		const struct nlmsghdr *message = (const void *)buffer;
		const struct nlmsgerr *told = mnl_nlmsg_get_payload(message);

		if (length < 0 && errno != EINTR && errno != ENOBUFS)
			return -errno;
		if (length > 0 && mnl_nlmsg_ok(message, (int)length) && message->nlmsg_type == NLMSG_ERROR &&
		    message->nlmsg_seq == sequence && mnl_nlmsg_get_payload_len(message) >= sizeof *told)
			return told->error;
	}
}

/* Each packet by itself and at once: what waits for others opens too late. */
static int bind_group(int fd, uint16_t group, uint32_t copied)
{
	static const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	const struct nfulnl_msg_config_cmd command = {.command = NFULNL_CFG_CMD_BIND};
	const struct nfulnl_msg_config_mode mode = {.copy_range = htonl(copied), .copy_mode = NFULNL_COPY_PACKET};
	_Alignas(struct nlmsghdr) char buffer[256] = {0};
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *head;

	message->nlmsg_type = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	message->nlmsg_seq = group;
	head = mnl_nlmsg_put_extra_header(message, sizeof *head);
	*head = (struct nfgenmsg){.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0, .res_id = htons(group)};
	mnl_attr_put(message, NFULA_CFG_CMD, sizeof command, &command);
	mnl_attr_put(message, NFULA_CFG_MODE, sizeof mode, &mode);
	mnl_attr_put_u32(message, NFULA_CFG_NLBUFSIZ, htonl(MESSAGE_BYTES));
	mnl_attr_put_u32(message, NFULA_CFG_QTHRESH, htonl(1));
	if (sendto(fd, message, message->nlmsg_len, 0, (const struct sockaddr *)&kernel, sizeof kernel) < 0)
		return -errno;
	return read_acknowledgement(fd, group);
}

int flow_log_open(uint32_t kinds, uint16_t first, int *ret_fd, struct error *err)
{
	static const struct sockaddr_nl address = {.nl_family = AF_NETLINK};
	static const int room = RECEIVE_BYTES;
	_cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER);
	int r = 0;

	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) < 0)
		return no_log(errno, err);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
	for (unsigned k = 0; k < FLOW_KINDS && r == 0; k++)
		if (kinds & UINT32_C(1) << k)
			r = bind_group(fd, (uint16_t)(first + groups[k].group), groups[k].copied);
	if (r < 0)
		return no_log(-r, err);
	*ret_fd = steal_fd(&fd);
	return 0;
}

struct parts {
	const struct nlattr *head, *packet, *prefix;
};

static int take_part(const struct nlattr *attribute, void *data)
{
	struct parts *parts = data;

	if (mnl_attr_get_type(attribute) == NFULA_PACKET_HDR &&
	    mnl_attr_get_payload_len(attribute) >= sizeof(struct nfulnl_msg_packet_hdr))
		parts->head = attribute;
	if (mnl_attr_get_type(attribute) == NFULA_PAYLOAD)
		parts->packet = attribute;
	if (mnl_attr_get_type(attribute) == NFULA_PREFIX && mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0)
		parts->prefix = attribute;
	return MNL_CB_OK;
}

static bool kind_of(const struct nfgenmsg *head, enum flow_kind *ret_kind)
{
	for (unsigned k = 0; k < FLOW_KINDS; k++)
		if (ntohs(head->res_id) % NFT_LOG_GROUPS == groups[k].group) {
			*ret_kind = (enum flow_kind)k;
			return true;
		}
	return false;
}

/* NET_QUOTAS: none. */
static unsigned quota_of(const struct nlattr *prefix)
{
	unsigned q = 0;

	while (q < NET_QUOTAS && (!prefix || strcmp(mnl_attr_get_str(prefix), nft_quota_names[q]) != 0))
		q++;
	return q;
}

static bool take_flow(const struct nlmsghdr *message, struct flow *flow)
{
	const struct nfgenmsg *head = mnl_nlmsg_get_payload(message);
	struct nfulnl_msg_packet_hdr packet;
	struct parts parts = {0};
	enum flow_kind kind;

	if (message->nlmsg_type != (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET) || mnl_nlmsg_get_payload_len(message) < sizeof *head)
		return false;
	(void)mnl_attr_parse(message, sizeof *head, take_part, &parts);
	if (!parts.head || !parts.packet || !kind_of(head, &kind))
		return false;
	memcpy(&packet, mnl_attr_get_payload(parts.head), sizeof packet);
	*flow = (struct flow){
		.kind = kind,
		.quota = quota_of(parts.prefix),
		.direction = packet.hook == NF_INET_LOCAL_OUT ? NET_EGRESS : NET_INGRESS,
		.packet = mnl_attr_get_payload(parts.packet),
		.length = mnl_attr_get_payload_len(parts.packet),
	};
	return kind != FLOW_SPENT || flow->quota < NET_QUOTAS;
}

void flow_log_take(const void *messages, size_t length, flow_told *told, void *data)
{
	const struct nlmsghdr *message = messages;
	int left = (int)length;
	struct flow flow;

	for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left))
		if (take_flow(message, &flow))
			told(&flow, data);
}

int flow_log_read(int fd, flow_told *told, void *data, unsigned *lost, struct error *err)
{
	_Alignas(struct nlmsghdr) char buffer[1 << 16];
	struct sockaddr_nl from;

	for (int i = 0; i < READS_AT_ONCE; i++) {
		socklen_t from_size = sizeof from;
		ssize_t length = recvfrom(fd, buffer, sizeof buffer, MSG_DONTWAIT, (struct sockaddr *)&from, &from_size);

		if (length >= 0 && from.nl_pid == 0)
			flow_log_take(buffer, (size_t)length, told, data);
		else if (length < 0 && errno == ENOBUFS)
			(*lost)++;
		else if (length < 0 && errno == EAGAIN)
			return 0;
		else if (length < 0 && errno != EINTR)
			return error_errno(err, errno, "listen to what the network's rules log");
	}
	return 1;
}
