/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/net/nft_send.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/net/nft_object.h"
#include "lib/net/nft_read.h"
#include "lib/net/nft_ruleset.h"

int nft_open(int *ret_fd, struct error *err)
{
	static const struct sockaddr_nl address = {.nl_family = AF_NETLINK};
	static const int on = 1;
	_cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

	if (fd < 0 && errno == EPROTONOSUPPORT)
		return error_set(err, ENOTSUP, "set the network's rules: this kernel has no nfnetlink (load the module nf_tables)");
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) < 0)
		return error_errno(err, errno, "set the network's rules: open a netlink socket");
	/* An error without the message it is about, of which there may be megabytes, and with the kernel's own words. */
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
	*ret_fd = steal_fd(&fd);
	return 0;
}

static const struct nlmsghdr *find_message(const struct nft_batch *batch, uint32_t sequence)
{
	const struct nlmsghdr *message = (const void *)batch->bytes;
	int left = (int)batch->length;

	for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left))
		if (message->nlmsg_seq == sequence)
			return message;
	return NULL;
}

/* Which of the attributes of a message of this type names its object, and what it is. */
static const struct object {
	const char *what;
	uint16_t name;
} objects[NFT_MSG_MAX] = {
	[NFT_MSG_NEWTABLE] = {"table", NFTA_TABLE_NAME},
	[NFT_MSG_DELTABLE] = {"the table that was there,", NFTA_TABLE_NAME},
	[NFT_MSG_NEWCHAIN] = {"chain", NFTA_CHAIN_NAME},
	[NFT_MSG_NEWRULE] = {"a rule of chain", NFTA_RULE_CHAIN},
	[NFT_MSG_NEWSET] = {"set", NFTA_SET_NAME},
	[NFT_MSG_NEWSETELEM] = {"addresses of set", NFTA_SET_ELEM_LIST_SET},
	[NFT_MSG_DELSETELEM] = {"addresses of set", NFTA_SET_ELEM_LIST_SET},
	[NFT_MSG_NEWOBJ] = {"object", NFTA_OBJ_NAME},
};

/* Looks for a text among a message's attributes. */
struct wanted {
	uint16_t type;
	const char *text;
};

static int take_text(const struct nlattr *attribute, void *data)
{
	struct wanted *wanted = data;

	if (mnl_attr_get_type(attribute) == wanted->type && mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0)
		wanted->text = mnl_attr_get_str(attribute);
	return MNL_CB_OK;
}

static const char *describe(const struct nlmsghdr *message, char text[NFT_NAME_SIZE * 2])
{
	unsigned type = message ? NFNL_MSG_TYPE(message->nlmsg_type) : NFT_MSG_MAX;
	struct wanted name = {.text = ""};

	if (type >= NFT_MSG_MAX || !objects[type].what || NFNL_SUBSYS_ID(message->nlmsg_type) != NFNL_SUBSYS_NFTABLES)
		return "all of it";
	name.type = objects[type].name;
	(void)mnl_attr_parse(message, sizeof(struct nfgenmsg), take_text, &name);
	(void)snprintf(text, NFT_NAME_SIZE * 2, "%s %s", objects[type].what, name.text);
	return text;
}

/* The kernel's own words for it, if it has any: after the header of the message that it is about (NETLINK_CAP_ACK). */
static const char *kernel_words(const struct nlmsghdr *answer)
{
	struct wanted words = {.type = NLMSGERR_ATTR_MSG};

	if ((answer->nlmsg_flags & NLM_F_ACK_TLVS) && (answer->nlmsg_flags & NLM_F_CAPPED))
		(void)mnl_attr_parse(answer, sizeof(struct nlmsgerr), take_text, &words);
	return words.text;
}

static const char *advice(int code)
{
	switch (code) {
	case EPERM:
		return "; it needs CAP_NET_ADMIN of the namespace's owner, and a table that another process owns cannot be replaced";
	case EOPNOTSUPP:
	case ENOENT:
		return "; the kernel must have nf_tables with nft_ct, nft_limit, nft_quota, nft_connlimit, nft_reject_inet "
		       "and nft_log, and nft_socket for containers that share a network namespace";
	case ENOMEM:
	case ENFILE:
		return "; they take more than the kernel has room for";
	}
	return "";
}

static int not_taken(const struct nft_batch *batch, const struct nlmsghdr *answer, const struct nlmsgerr *failed, struct error *err)
{
	char text[NFT_NAME_SIZE * 2];
	const char *words = kernel_words(answer);

	return error_errno(err, -failed->error, "set the network's rules: the kernel does not take %s%s%s%s%s",
			   describe(find_message(batch, failed->msg.nlmsg_seq), text), words ? " (" : "", words ? words : "",
			   words ? ")" : "", advice(-failed->error));
}

struct outcome {
	bool done;     /* the success of the last message was told */
	int failure;   /* of the first that failed */
	bool overrun;  /* answers were lost */
};

static void read_answers(const struct nft_batch *batch, const void *buffer, size_t length, struct outcome *outcome,
			 struct error *err)
{
	const struct nlmsghdr *answer = buffer;
	int left = (int)length;

	for (; mnl_nlmsg_ok(answer, left); answer = mnl_nlmsg_next(answer, &left)) {
		const struct nlmsgerr *told = mnl_nlmsg_get_payload(answer);

		if (answer->nlmsg_type != NLMSG_ERROR || mnl_nlmsg_get_payload_len(answer) < sizeof *told)
			continue;
		if (told->msg.nlmsg_seq == 0 || told->msg.nlmsg_seq > batch->count)
			continue; /* of another batch */
		if (told->error == 0)
			outcome->done |= told->msg.nlmsg_seq == batch->count - 1;
		else if (!outcome->failure)
			outcome->failure = not_taken(batch, answer, told, err);
	}
}

/* The kernel has done all of it, and answered, before sendmsg() returns: what is not there now does not come. */
static int read_outcome(int fd, const struct nft_batch *batch, struct error *err)
{
	_Alignas(struct nlmsghdr) char buffer[16384];
	struct outcome outcome = {0};

	for (;;) {
		ssize_t length = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);

		if (length >= 0)
			read_answers(batch, buffer, (size_t)length, &outcome, err);
		else if (errno == ENOBUFS)
			outcome.overrun = true;
		else if (errno != EINTR)
			break;
	}
	if (outcome.failure)
		return outcome.failure;
	if (errno != EAGAIN)
		return error_errno(err, errno, "set the network's rules: read what the kernel says");
	if (outcome.done && !outcome.overrun)
		return 0;
	return error_set(err, outcome.overrun ? ENOBUFS : EPROTO, "set the network's rules: the kernel does not say that they are set");
}

/* A batch is one message to the socket, which must have room for it. */
static void make_send_room(int fd, size_t length)
{
	int size = length < INT32_MAX / 2 ? (int)length : INT32_MAX / 2;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

int nft_send(int fd, const struct nft_batch *batch, struct error *err)
{
	static const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	ssize_t sent;

	make_send_room(fd, batch->length);
	do
		sent = sendto(fd, batch->bytes, batch->length, 0, (const struct sockaddr *)&kernel, sizeof kernel);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return error_errno(err, errno, "set the network's rules: send %zu bytes of them to the kernel%s", batch->length,
				   errno == EMSGSIZE ? " (more than net.core.wmem_max)" : "");
	return read_outcome(fd, batch, err);
}

int nft_remove(int fd, const struct net_scope *scope, struct error *err)
{
	_cleanup_batch_ struct nft_batch batch = {0};
	int r = nft_batch_begin(scope, &batch, err);

	if (r < 0)
		return r;
	nft_delete_table(&batch, 0);
	r = nft_batch_end(&batch, err);
	if (r == 0)
		r = nft_send(fd, &batch, err);
	return r == -ENOENT ? 0 : r;
}

/* What the kernel lacks for a rule is -ENOENT, too. */
static bool was_another_first(int fd, const struct net_policy *policy, uint64_t replaced, int r)
{
	struct nft_held now;

	return r == -EEXIST || (r == -ENOENT && replaced && (nft_read_holder(fd, &policy->scope, &now, NULL) < 0 || now.handle != replaced));
}

int nft_apply(int fd, const struct net_policy *policy, uint64_t replaces, bool *ret_owned, struct error *err)
{
	/* linux/netfilter/nf_tables.h of 6.9; older headers are built with, too. */
	static const uint32_t owner = 1 << 1, persist = 1 << 2;
	static const uint32_t wishes[] = {owner | persist, owner, 0};
	size_t wish = policy->owned ? 0 : 2;
	int r;

	do {
		_cleanup_batch_ struct nft_batch batch = {0};

		r = nft_ruleset(policy, replaces, wishes[wish], &batch, err);
		if (r == 0)
			r = nft_send(fd, &batch, err);
	} while (r == -EOPNOTSUPP && wish++ < ARRAY_SIZE(wishes) - 1);
	if (was_another_first(fd, policy, replaces, r))
		return error_set(err, EBUSY, "set the network's rules: others were set in the network namespace at the same moment; whose they are is "
					   "said at the next attempt");
	if (r == 0)
		*ret_owned = wishes[wish] & owner;
	return r;
}
