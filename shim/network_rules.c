/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shim/network_rules.h"

#include <libmnl/libmnl.h>
#include <libnftnl/object.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/base/cleanup.h"
#include "lib/base/file.h"
#include "lib/launch/network.h"
#include "lib/net/nft_rule.h"
#include "lib/net/nft_ruleset.h"
#include "lib/net/nft_send.h"
#include "lib/net/resolve.h"

#define UNKNOWN UINT64_MAX

struct rules {
	struct net_policy policy;
	int questions, news; /* sockets to nf_tables of the container's namespace */
	bool owned;	     /* the table is that socket's */
};

/* Which budget a quota holds. */
static const struct {
	enum budget budget;
	bool warns; /* it only tells that the budget's warning is due */
} quotas[NET_QUOTAS] = {
	[NET_QUOTA_EGRESS] = {BUDGET_NET_EGRESS, false},
	[NET_QUOTA_INGRESS] = {BUDGET_NET_INGRESS, false},
	[NET_QUOTA_EGRESS_WARN] = {BUDGET_NET_EGRESS, true},
	[NET_QUOTA_INGRESS_WARN] = {BUDGET_NET_INGRESS, true},
};

static int read_policy(int state_fd, struct net_policy *ret_policy, struct error *err)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	_cleanup_free_ char *text = NULL;
	size_t length;
	int r = file_read(state_fd, NETWORK_POLICY, JSON_MAX_BYTES, &text, &length, err);

	if (r == 0)
		r = json_parse(NETWORK_POLICY, text, length, &doc, err);
	return r < 0 ? r : net_policy_from_json(json_root(doc), ret_policy, err);
}

int rules_prepare(int state_fd, struct rules **ret_rules, struct error *err)
{
	struct rules *rules = calloc(1, sizeof *rules);
	int r = rules ? read_policy(state_fd, &rules->policy, err) : error_set(err, ENOMEM, "out of memory");

	if (r < 0) {
		free(rules);
		return r;
	}
	rules->questions = rules->news = -1;
	*ret_rules = rules;
	return 0;
}

/* The kernel tells of quotas, and of every change of anybody's. */
static int listen_to_kernel(struct rules *rules, struct error *err)
{
	static const struct sockaddr_nl address = {.nl_family = AF_NETLINK};
	static const int group = NFNLGRP_NFTABLES;

	rules->news = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER);
	if (rules->news < 0 || bind(rules->news, (const struct sockaddr *)&address, sizeof address) < 0 ||
	    setsockopt(rules->news, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) < 0)
		return error_errno(err, errno, "listen to what the kernel says of the network's quotas");
	return 0;
}

int rules_set(struct rules *rules, struct error *err)
{
	int r = nft_open(&rules->questions, err);

	if (r == 0)
		r = nft_apply(rules->questions, &rules->policy, &rules->owned, err);
	if (r == 0 && rules->policy.owned && !rules->owned)
		r = error_set(err, ENOTSUP, "set the network rules: the container has CAP_NET_ADMIN and could undo them: a table that is "
					    "another's takes Linux 5.12; take the capability from it");
	return r < 0 ? r : listen_to_kernel(rules, err);
}

const struct net_policy *rules_policy(const struct rules *rules)
{
	return &rules->policy;
}

int rules_fd(const struct rules *rules)
{
	return rules->news;
}

static struct nftnl_obj *parse_object(const struct nlmsghdr *message)
{
	struct nftnl_obj *object = nftnl_obj_alloc();

	if (object && nftnl_obj_nlmsg_parse(message, object) < 0) {
		nftnl_obj_free(object);
		return NULL;
	}
	return object;
}

static int quota_of(struct nftnl_obj *object)
{
	const char *name = nftnl_obj_get_str(object, NFTNL_OBJ_NAME), *table = nftnl_obj_get_str(object, NFTNL_OBJ_TABLE);

	if (!name || !table || strcmp(table, NFT_OUR_TABLE) != 0 || nftnl_obj_get_u32(object, NFTNL_OBJ_TYPE) != NFT_OBJECT_QUOTA)
		return -1;
	for (int q = 0; q < NET_QUOTAS; q++)
		if (strcmp(name, nft_quota_names[q]) == 0)
			return q;
	return -1;
}

struct hearing {
	rules_heard *heard;
	void *data;
};

/* The quota's consumption stands where it was when the kernel wrote the message, so at least at the limit. */
static int hear(const struct nlmsghdr *message, void *data)
{
	struct hearing *hearing = data;
	struct nftnl_obj *object;
	int q;

	if (message->nlmsg_type != ((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWOBJ))
		return MNL_CB_OK;
	object = parse_object(message);
	q = object ? quota_of(object) : -1;
	if (q >= 0)
		hearing->heard(quotas[q].budget, !quotas[q].warns, nftnl_obj_get_u64(object, NFTNL_OBJ_QUOTA_CONSUMED), hearing->data);
	if (object)
		nftnl_obj_free(object);
	return MNL_CB_OK;
}

/* What was lost, since more came than there was room for, can be asked for. */
static void hear_again(struct rules *rules, const struct hearing *hearing)
{
	struct ledger_figures figures;

	if (rules_read(rules, &figures, NULL) < 0)
		return;
	for (int q = 0; q < NET_QUOTAS; q++)
		if (rules->policy.quotas[q].set && figures.used[quotas[q].budget] != UNKNOWN &&
		    figures.used[quotas[q].budget] > rules->policy.quotas[q].limit)
			hearing->heard(quotas[q].budget, !quotas[q].warns, figures.used[quotas[q].budget], hearing->data);
}

void rules_attend(struct rules *rules, rules_heard *heard, void *data)
{
	_Alignas(struct nlmsghdr) char buffer[16384];
	struct hearing hearing = {heard, data};

	for (;;) {
		ssize_t length = recv(rules->news, buffer, sizeof buffer, MSG_DONTWAIT);

		if (length > 0)
			(void)mnl_cb_run(buffer, (size_t)length, 0, 0, hear, &hearing);
		else if (length < 0 && errno == ENOBUFS)
			hear_again(rules, &hearing);
		else if (length == 0 || errno != EINTR)
			return;
	}
}

/* "egress-denied" is a drop of egress; "egress" and "egress-new" are what passed. */
static void take_counter(struct ledger_figures *figures, const char *name, uint64_t packets, uint64_t bytes)
{
	char known[NFT_NAME_SIZE];

	for (unsigned d = 0; d < NET_DIRECTIONS; d++) {
		if (strcmp(name, nft_counter_name(d, NFT_COUNT_PASSED, known)) == 0) {
			figures->packets[d] = packets;
			figures->bytes[d] = bytes;
			return;
		}
		if (strcmp(name, nft_counter_name(d, NFT_COUNT_NEW, known)) == 0) {
			figures->connections[d] = packets;
			return;
		}
	}
	if (packets && figures->drop_count < LEDGER_DROPS_MAX) {
		struct ledger_drops *drops = &figures->drops[figures->drop_count++];

		*drops = (struct ledger_drops){.packets = packets, .bytes = bytes};
		(void)snprintf(drops->rule, sizeof drops->rule, "%s", name);
	}
}

static int take_object(const struct nlmsghdr *message, void *data)
{
	struct ledger_figures *figures = data;
	struct nftnl_obj *object = parse_object(message);
	const char *table = object ? nftnl_obj_get_str(object, NFTNL_OBJ_TABLE) : NULL;
	int q = table ? quota_of(object) : -1;

	if (q >= 0 && !quotas[q].warns)
		figures->used[quotas[q].budget] = nftnl_obj_get_u64(object, NFTNL_OBJ_QUOTA_CONSUMED);
	else if (table && strcmp(table, NFT_OUR_TABLE) == 0 && nftnl_obj_get_u32(object, NFTNL_OBJ_TYPE) == NFT_OBJECT_COUNTER)
		take_counter(figures, nftnl_obj_get_str(object, NFTNL_OBJ_NAME),
			     nftnl_obj_get_u64(object, NFTNL_OBJ_CTR_PKTS), nftnl_obj_get_u64(object, NFTNL_OBJ_CTR_BYTES));
	if (object)
		nftnl_obj_free(object);
	return MNL_CB_OK;
}

static void begin(struct ledger_figures *figures)
{
	*figures = (struct ledger_figures){0};
	for (int d = 0; d < NET_DIRECTIONS; d++)
		figures->bytes[d] = figures->packets[d] = figures->connections[d] = UNKNOWN;
	for (int b = 0; b < BUDGET_COUNT; b++)
		figures->used[b] = UNKNOWN;
}

int rules_read(struct rules *rules, struct ledger_figures *ret_figures, struct error *err)
{
	_Alignas(struct nlmsghdr) char buffer[32768];
	struct ledger_figures figures;
	struct nlmsghdr *message = nftnl_nlmsg_build_hdr(buffer, NFT_MSG_GETOBJ, NFPROTO_INET, NLM_F_DUMP, 1);
	int r = 1;

	begin(&figures);
	if (send(rules->questions, message, message->nlmsg_len, 0) < 0)
		return error_errno(err, errno, "ask for the network's figures");
	while (r > 0) {
		ssize_t length = recv(rules->questions, buffer, sizeof buffer, 0);

		if (length < 0)
			return error_errno(err, errno, "read the network's figures");
		r = mnl_cb_run(buffer, (size_t)length, 0, 0, take_object, &figures);
	}
	if (r < 0)
		return error_errno(err, errno, "read the network's figures");
	if (figures.bytes[NET_EGRESS] == UNKNOWN)
		return error_set(err, ENOENT, "read the network's figures: the table %s is gone", NFT_OUR_TABLE);
	*ret_figures = figures;
	return 0;
}

int rules_find(struct rules *rules, struct error *err)
{
	struct ledger_figures figures;
	int r = nft_open(&rules->questions, err);

	if (r == 0)
		r = rules_read(rules, &figures, err);
	return r < 0 ? r : listen_to_kernel(rules, err);
}
